"""Executors: `auto` against each of those it chooses among, on a net that may not gain from cohorts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from statistics import median

import numpy as np

from benchmarks.row import Row
from thalweg.core.config import Config
from thalweg.data import InMemory
from thalweg.execute import Job
from thalweg.execute.choose import Chosen
from thalweg.problems import Problem, load

MEMBERS = 8
TRAINED = 2048
JUDGED = 256
SINGLE = ("sequential", "batched", "processes")


def rows(rounds: int) -> Iterable[Row]:
    """Return what `auto` does in a second, choice included, against the best of the others in the same rounds."""
    jobs = _jobs(_part(load("fashion/2c2d")))
    times = {name: list[float]() for name in ("auto", *SINGLE)}
    for _ in range(rounds):
        for name in times:
            times[name].append(_seconds(name, jobs))
    fastest = min(SINGLE, key=lambda name: median(times[name]))
    updates = MEMBERS * -(-TRAINED // jobs[0].problem.batch_size)
    yield Row(
        suite=f"fashion/2c2d, {MEMBERS} members: auto",
        ours=updates / median(times["auto"]),
        unit="updates/s",
        peer=f"{fastest}, the best of {', '.join(SINGLE)}",
        theirs=updates / median(times[fastest]),
        ratio=median(one / auto for one, auto in zip(times[fastest], times["auto"], strict=True)),
        goal=0.95,
        at_least=True,
    )


def _seconds(name: str, jobs: list[Job]) -> float:
    """How long the jobs take, the choice of threads, members or executor included."""
    started = time.perf_counter()
    Chosen(name)(jobs)
    return time.perf_counter() - started


def _part(problem: Problem) -> Problem:
    """The same problem with few samples, so that a round takes seconds."""
    assert isinstance(problem.train, InMemory)
    assert isinstance(problem.valid, InMemory)
    return Problem(
        name=problem.name,
        model=problem.model,
        loss=problem.loss,
        train=(problem.train.x[:TRAINED], problem.train.y[:TRAINED]),
        valid=(problem.valid.x[:JUDGED], problem.valid.y[:JUDGED]),
        batch_size=problem.batch_size,
        epochs=1,
    )


def _jobs(problem: Problem) -> list[Job]:
    rates = np.geomspace(1e-3, 0.02, MEMBERS).tolist()
    configs = [Config(optimizer="momentum", hyper={"lr": lr}) for lr in rates]
    return [Job(f"member-{i}", problem, config) for i, config in enumerate(configs)]
