"""Real processes that are killed while they write, and two that write at the same time."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, RunStarted
from thalweg.core.run import Epoch
from thalweg.store import Database, load_run, runs, studies

WRITER = """
import sys
from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, RunEnded, RunStarted
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.store import Database

path, most = sys.argv[1], int(sys.argv[2])
config = Config(optimizer="adam")
with Database.open(path) as database:
    study = database.start_study("fit", "digits/mlp-1", "thalweg fit digits/mlp-1")
    sink = database.sink(study)
    for k in range(most):
        sink(RunStarted(run_id=f"r{k}", problem="digits/mlp-1", config=config, total_epochs=5))
        epochs = ()
        for n in range(1, 6):
            epochs += (Epoch(number=n, step=n, seconds=0.1, lr=0.1, train_loss=1 / n, valid={"loss": k + n}),)
            sink(EpochEnded(run_id=f"r{k}", epoch=epochs[-1]))
            print("epoch", f"{study.id}/r{k}", n, flush=True)
        run = Run(problem="digits/mlp-1", config=config, outcome=Outcome.COMPLETED, epochs=epochs, valid={})
        sink(RunEnded(run_id=f"r{k}", run=run))
        print("run", f"{study.id}/r{k}", 5, flush=True)
"""

COHORT = """
import itertools, sys
from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, RunStarted, Several
from thalweg.core.run import Epoch
from thalweg.store import Database

path, size = sys.argv[1], int(sys.argv[2])
names = [f"r{k}" for k in range(size)]
with Database.open(path) as database:
    sink = database.sink(database.start_study("sweep", "digits/mlp-1", "thalweg sweep digits/mlp-1"))
    begun = [RunStarted(run_id=r, problem="digits/mlp-1", config=Config(), total_epochs=9**9) for r in names]
    sink(Several(run_id="r0", events=tuple(begun)))
    for n in itertools.count(1):
        epoch = Epoch(number=n, step=n, seconds=0.1, lr=0.1, train_loss=1 / n, valid={"loss": n})
        sink(Several(run_id="r0", events=tuple(EpochEnded(run_id=r, epoch=epoch) for r in names)))
        print(n, flush=True)
"""

CREATOR = """
import itertools, sys
from thalweg.store import Database

for k in itertools.count():
    with Database.open(f"{sys.argv[1]}/{k}.db") as database:
        print(k, flush=True)
        database.start_study("fit", "p", "c")
"""

MAKER = """
import sys, time
from thalweg.store import Database

folder, beginning = sys.argv[1], float(sys.argv[2])
for k in range(10):
    time.sleep(max(0, beginning + 0.05 * k - time.time()))
    with Database.open(f"{folder}/{k}.db") as database:
        database.start_study("fit", "p", "c")
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a script in a Python of its own."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_at_random(script: str, argument: object, most: int, *, seed: int) -> list[list[str]]:
    """Kill the script some milliseconds after its first line; return the words of its whole lines."""
    with start(script, argument, most) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.0, 0.08))
        process.kill()
        text = first + process.stdout.read()
    assert process.returncode == -9
    return [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_loses_nothing_that_it_acknowledged(path: Path, seed: int) -> None:
    acknowledged = kill_at_random(WRITER, path, 10_000, seed=seed)
    with Database.open(path) as database:
        assert database.rows("PRAGMA integrity_check")[0][0] == "ok"
        assert database.rows("PRAGMA foreign_key_check") == []
        outcomes = {row.id: row.outcome for row in runs(database, "fit-0001")}
        for what, run_id, number in acknowledged:
            assert what == "epoch" or outcomes[run_id] == "completed"
            epoch = load_run(database, run_id).epochs[int(number) - 1]
            assert (epoch.number, epoch.train_loss) == (int(number), 1 / int(number))
        assert studies(database)[0].status == "interrupted"
        assert database.start_study("fit", "p", "c").id == "fit-0002"


@pytest.mark.parametrize("seed", range(4))
def test_of_several_events_a_kill_leaves_all_or_none(path: Path, seed: int) -> None:
    acknowledged = kill_at_random(COHORT, path, 200, seed=seed)
    with Database.open(path) as database:
        assert database.rows("PRAGMA integrity_check")[0][0] == "ok"
        found = database.rows("SELECT number, count(*) AS told FROM epoch GROUP BY number ORDER BY number")
    assert [row["told"] for row in found] == [200] * len(found)
    assert [row["number"] for row in found] == list(range(1, len(found) + 1))
    assert len(acknowledged) <= len(found) <= len(acknowledged) + 1


@pytest.mark.parametrize("seed", range(4))
def test_a_store_killed_while_it_is_made_opens(tmp_path: Path, seed: int) -> None:
    acknowledged = kill_at_random(CREATOR, tmp_path, 0, seed=seed)
    stores = sorted(tmp_path.glob("*.db"))
    assert len(stores) >= len(acknowledged) >= 1
    for store in stores:
        with Database.open(store) as database:
            assert len(studies(database)) in (0, 1)
            assert database.rows("PRAGMA integrity_check")[0][0] == "ok"


@pytest.fixture(scope="module")
def mid_write(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The bytes of a store of twenty epochs and of its log, while it is open."""
    path = tmp_path_factory.mktemp("open") / "runs.db"
    with Database.open(path) as database:
        sink = database.sink(database.start_study("fit", "p", "c"))
        sink(RunStarted(run_id="a", problem="p", config=Config(), total_epochs=20))
        for number in range(1, 21):
            epoch = Epoch(number=number, step=number, seconds=0.1, lr=0.1, train_loss=1.0, valid={})
            sink(EpochEnded(run_id="a", epoch=epoch))
        return path.read_bytes(), Path(f"{path}-wal").read_bytes()


@given(share=st.floats(0, 1))
def test_a_log_cut_anywhere_leaves_a_whole_beginning(
    tmp_path_factory: pytest.TempPathFactory, mid_write: tuple[bytes, bytes], share: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "runs.db"
    store, log = mid_write
    path.write_bytes(store)
    Path(f"{path}-wal").write_bytes(log[: int(share * len(log))])
    with Database.open(path) as database:
        assert database.rows("PRAGMA integrity_check")[0][0] == "ok"
        found = [row["number"] for row in database.rows("SELECT number FROM epoch ORDER BY number")]
        assert found == list(range(1, len(found) + 1))
        assert len(found) == 20 or share < 1


def test_two_processes_write_to_one_store(path: Path) -> None:
    writers = [start(WRITER, path, 150) for _ in range(2)]
    said = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [text.count("\n") for text in said] == [900, 900]
    with Database.open_readonly(path) as database:
        assert [(row.id, row.runs, row.ended) for row in studies(database)] == [
            ("fit-0001", 150, 150),
            ("fit-0002", 150, 150),
        ]
        assert database.rows("SELECT count(*) FROM epoch")[0][0] == 1500
        assert database.rows("PRAGMA integrity_check")[0][0] == "ok"


def test_many_processes_make_one_store_at_once(tmp_path: Path) -> None:
    makers = [start(MAKER, tmp_path, time.time() + 0.5) for _ in range(4)]
    for maker in makers:
        maker.communicate(timeout=60)
    assert [maker.returncode for maker in makers] == [0] * 4
    for k in range(10):
        with Database.open_readonly(tmp_path / f"{k}.db") as database:
            assert [row.id for row in studies(database)] == [f"fit-000{n}" for n in (1, 2, 3, 4)]
