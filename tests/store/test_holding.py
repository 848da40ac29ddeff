"""One sweep at a time on one store: who comes second is refused or waits, and who only reads never does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from thalweg.core.errors import StoreError
from thalweg.store import Database, studies

HOLD = """
import sys
from thalweg.store import Database

path, wait = sys.argv[1], sys.argv[2] == "wait"
with Database.open(path) as database:
    print("asks", flush=True)
    with database.holding(wait=wait):
        study = database.start_study("sweep", "digits/mlp-1", "thalweg sweep digits/mlp-1", {"trials": 2})
        print(study.id, flush=True)
        sys.stdin.readline()
"""


@contextmanager
def holder(path: Path, manner: str = "refuse") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the store, or asks to, until it reads a line."""
    command = [sys.executable, "-W", "error", "-c", HOLD, str(path), manner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert said(process) == "asks"
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_second_is_told_who_is_there_until_that_one_dies(path: Path) -> None:
    with holder(path) as first, Database.open(path) as database:
        assert said(first) == "sweep-0001"
        with pytest.raises(StoreError, match="Another sweep is under way") as caught, database.holding():
            pytest.fail("two hold it")
        assert f"sweep-0001, process {first.pid}, since 2" in str(caught.value)
        with pytest.raises(StoreError, match=f"process {first.pid}"):
            database.resume_study("sweep-0001")
        first.kill()
        first.wait()
        with database.holding():
            assert database.resume_study("sweep-0001").command == "thalweg sweep digits/mlp-1"


def test_the_second_waits_when_asked(path: Path) -> None:
    with Database.open(path) as database:
        with database.holding(), holder(path, "wait") as second:
            assert studies(database) == []
            assert second.poll() is None
            database.start_study("sweep", "p", "c", {})
        with holder(path, "wait") as third:
            assert said(third) == "sweep-0002"


def test_one_that_waits_goes_on_when_the_first_is_killed(path: Path) -> None:
    with holder(path) as first, holder(path, "wait") as second:
        assert said(first) == "sweep-0001"
        first.kill()
        assert said(second) == "sweep-0002"


def test_a_sweep_is_running_until_it_ends_or_is_killed(path: Path) -> None:
    def statuses() -> list[str]:
        with Database.open_readonly(path) as reader:
            return [row.status for row in studies(reader)]

    with holder(path) as first, Database.open(path) as database:
        assert said(first) == "sweep-0001"
        assert (statuses(), database.is_held()) == (["running"], True)
        first.kill()
        first.wait()
        assert (statuses(), database.is_held()) == (["interrupted"], False)
        database.start_study("fit", "p", "c")
        assert statuses() == ["interrupted", "running"]
        with database.holding():
            second = database.resume_study("sweep-0001")
            assert (statuses(), database.is_held()) == (["running", "running"], True)
            database.finish(second, {})
        assert (statuses(), database.is_held()) == (["finished", "running"], False)


def test_who_may_not_ask_takes_a_sweep_to_be_running(
    folder: Path, locked: Callable[[Path], AbstractContextManager[None]]
) -> None:
    path = folder / "runs.db"
    with holder(path) as first:
        assert said(first) == "sweep-0001"
    Path(f"{path}.lock").chmod(0o400)
    with locked(folder), Database.open_readonly(path) as reader:
        assert reader.is_held()


def test_readers_and_other_writers_are_never_held_up(path: Path) -> None:
    with holder(path) as first:
        assert said(first) == "sweep-0001"
        with Database.open_readonly(path) as reader:
            assert [row.status for row in studies(reader)] == ["running"]
        with Database.open(path) as database:
            assert database.start_study("fit", "p", "c").id == "fit-0002"


def test_it_is_free_within_itself_and_free_again_after_an_error(database: Database) -> None:
    def fails() -> None:
        with database.holding(), database.holding():
            raise RuntimeError("of the sweep")

    with pytest.raises(RuntimeError, match="of the sweep"):
        fails()
    with Database.open(database.path) as other, other.holding(), pytest.raises(StoreError) as caught:
        database.resume_study(other.start_study("sweep", "p", "c", {}).id)
    assert f"sweep-0001, process {os.getpid()}, since" in str(caught.value)


def test_before_it_has_a_study_the_first_is_named_by_its_process(database: Database) -> None:
    refused = pytest.raises(StoreError, match=f"a study about to begin, process {os.getpid()}")
    with Database.open(database.path) as other, other.holding(), refused, database.holding():
        pytest.fail("two hold it")
