"""A single run is running as long as its process lives, and interrupted from then on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thalweg.store import Database, studies

BEGIN = """
import sys
from thalweg.store import Database

with Database.open(sys.argv[1]) as database:
    print(database.start_study("fit", "digits/mlp-1", "thalweg fit digits/mlp-1").id, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def begun(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at a single run."""
    command = [sys.executable, "-W", "error", "-c", BEGIN, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().startswith("fit-")
        try:
            yield process
        finally:
            process.kill()


def statuses(path: Path) -> list[str]:
    with Database.open_readonly(path) as reader:
        return [row.status for row in studies(reader)]


def test_two_runs_go_on_and_the_one_that_is_killed_is_interrupted(path: Path) -> None:
    with begun(path) as first, begun(path) as second:
        assert statuses(path) == ["running", "running"]
        first.kill()
        first.wait()
        assert statuses(path) == statuses(path) == ["interrupted", "running"]
        assert second.poll() is None


def test_a_run_that_ends_leaves_nothing_beside_the_store(path: Path) -> None:
    with Database.open(path) as database:
        study = database.start_study("fit", "p", "c")
        assert statuses(path) == ["running"]
        database.finish(study, {})
        assert statuses(path) == ["finished"]
        assert not list(path.parent.glob("*.lock"))
        database.start_study("fit", "p", "c")
    assert statuses(path) == ["finished", "interrupted"]
