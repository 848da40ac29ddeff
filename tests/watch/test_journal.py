"""Journal: what a store holds of a loop that ended, that was killed, and whose store is gone."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.watch.loops import Loop
from tests.watch.watchers.test_clearing import never

from thalweg.store import Database, load_result, studies
from thalweg.watch.kept import kept
from thalweg.watch.watched import Watched

FOREVER = """
import sys
from tests.watch.loops import Loop, usual
from tests.watch.watchers.test_clearing import never

loop = Loop(store=sys.argv[1], every=1)
while True:
    loop.run(50, never)
    print(loop.monitor.report().updates, flush=True)
"""

FORGETFUL = """
import sys
from tests.watch.loops import Loop

Loop(store=sys.argv[1]).run(8)
"""


def script(text: str, store: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", text, str(store)], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def test_a_loop_that_ended_is_in_the_store_as_it_was_reported(store):
    loop = Loop(store=store).run(12, never)
    loop.monitor.close()
    with Database.open_readonly(store) as database:
        (row,) = studies(database)
        kind, found = load_result(database, "watch-0001")
        rebuilt = kept(database, "watch-0001")
    assert (row.status, row.ended, kind) == ("finished", 1, "watch")
    report = loop.monitor.report()
    assert Watched.from_json(found).points == report.points == rebuilt.points
    assert Watched.from_json(found).findings == report.findings == rebuilt.findings


def test_a_killed_process_loses_no_more_than_its_last_second(store):
    with script(FOREVER, store) as process:
        assert process.stdout is not None
        started, updates = time.monotonic(), 0
        while time.monotonic() - started < 2.5:
            updates = int(process.stdout.readline())
        process.kill()
    with Database.open(store) as database:
        watched = kept(database, "watch-0001")
    assert watched.updates > 0
    assert watched.updates > updates / 3
    assert watched.findings[0].fault == "zero_grad"
    assert "before the monitor was closed" in watched.unheard[0]
    assert watched.every == 1


def test_a_program_that_forgets_to_close_ends_its_study(store):
    with script(FORGETFUL, store) as process:
        process.communicate()
    with Database.open_readonly(store) as database:
        assert studies(database)[0].status == "finished"
        _, found = load_result(database, "watch-0001")
    assert Watched.from_json(found).updates == 8


def test_a_store_that_fails_under_way_ends_the_watch_and_not_the_training(store):
    loop = Loop(store=store, every=1).run(4)
    loop.monitor._journal._database.close()
    loop.run(8, never)
    assert loop.faults == ["zero_grad"]
    loop.monitor.close()
    assert any("The store keeps nothing after update" in told for told in loop.monitor.report().unheard)
