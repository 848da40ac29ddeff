"""A sweep or comparison killed by SIGKILL at any moment goes on, and ends with the same result."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from thalweg.core.errors import StoreError
from thalweg.store import Database, runs, studies

Said = subprocess.CompletedProcess[str]
Thalweg = Callable[..., Said]
Blobs = Callable[..., str]

# Written down after every block, and slowed, so that kills fall into the middle of it.
SLOWLY = """
import sys, time
import torch
torch.set_num_threads(1)
from thalweg.cli.main import main
from thalweg.execute import log
from thalweg.train import course, learner
log.EVERY = course.EVERY = -1.0
learner.BLOCK = 3
block = learner.Learner.upcoming
learner.Learner.upcoming = lambda self: (time.sleep(0.002), block(self))[1]
main()
"""
STORE = Path("thalweg-runs", "runs.db")
SWEEP = ("sweep", "--optimizer", "sgd", "--trials", "8", "--seeds", "2", "--epochs", "5", "--json")
COMPARE = ("compare", "--optimizers", "sgd,adam", "--trials", "3", "--seeds", "2", "--epochs", "4", "--json")


@contextmanager
def started(*typed: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SLOWLY, *typed]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def epochs_told() -> int:
    with suppress(StoreError), Database.open_readonly(STORE) as database:
        return sum(run.epochs for study in studies(database) for run in runs(database, study.id))
    return 0


def kill_after(more: int, *typed: str) -> bool:
    """Kill the command when it has told of so many more epochs; says whether it was still at work."""
    goal = epochs_told() + more
    with started(*typed) as process:
        while process.poll() is None and epochs_told() < goal:
            time.sleep(0.03)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        return process.returncode == -signal.SIGKILL


def result(said: str) -> Any:
    """All that a study found but times and places."""
    found = json.loads(said)

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            left = {"seconds", "seconds_to_target", "environment", "checkpoint"}
            return {key: bare(item) for key, item in value.items() if key not in left}
        return [bare(item) for item in value] if isinstance(value, list) else value

    return bare(found)


@pytest.mark.parametrize(("typed", "executor"), [(SWEEP, "batched"), (SWEEP, "sequential"), (COMPARE, "batched")])
def test_a_killed_study_ends_with_the_same_result(
    blobs: Blobs, typed: tuple[str, ...], executor: str, tmp_path: Path
) -> None:
    command = (typed[0], blobs(), *typed[1:], "--executor", executor)
    with started(*command, "--store", "whole.db") as process:
        whole, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    chance = random.Random(f"{typed[0]} {executor}")
    assert kill_after(chance.randint(3, 12), *command)
    with Database.open_readonly(STORE) as database:
        assert [study.status for study in studies(database)] == ["interrupted"]
    if executor == "batched":
        kill_after(chance.randint(1, 12), "resume", f"{typed[0]}-0001")
    done = ended()
    with started("resume", f"{typed[0]}-0001") as process:
        said, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert result(said) == result(whole)
    assert done.items() <= ended().items(), "a run that had ended was done again"
    assert not (STORE.parent / f"runs-{typed[0]}-0001").exists()


def ended() -> dict[str, str]:
    """When each run that has ended was begun."""
    with Database.open_readonly(STORE) as database:
        found = [run for study in studies(database) for run in runs(database, study.id)]
    return {run.id: run.started for run in found if run.outcome}


def test_what_is_finished_or_foreign_is_not_gone_on_with(thalweg: Thalweg, blobs: Blobs) -> None:
    assert thalweg("sweep", blobs(), "--trials", "3", "--seeds", "1", "--epochs", "1").returncode in (0, 1)
    finished = thalweg("resume", "sweep-0001")
    assert finished.returncode == 1
    assert "is finished: there is nothing to resume" in finished.stderr
    assert "no study named 'sweep-0007'" in thalweg("resume", "sweep-0007").stderr
    thalweg("fit", blobs(), "--epochs", "1")
    assert "fit-0002" in thalweg("resume", "fit-0002").stderr


def test_a_second_sweep_is_told_who_is_there_and_readers_are_not_held_up(thalweg: Thalweg, blobs: Blobs) -> None:
    command = ("sweep", blobs(), *SWEEP[1:], "--executor", "sequential")
    with started(*command) as process:
        while process.poll() is None and not epochs_told():
            time.sleep(0.01)
        second = thalweg("sweep", "mine.py:problem", "--trials", "2")
        listed = thalweg("runs", "sweep-0001")
        process.kill()
    assert second.returncode == 1
    assert "Another sweep is under way on this run store" in second.stderr
    assert "sweep-0001" in second.stderr
    assert listed.returncode == 0
    assert "trial-000" in listed.stdout
