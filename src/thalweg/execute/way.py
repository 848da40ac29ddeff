"""Way: one way to do jobs, with how fast it is on the problem at hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from statistics import median_low
from typing import Any

from thalweg.data.batches import batches
from thalweg.execute.batched import batched
from thalweg.execute.cohort import Cohort
from thalweg.execute.job import Executor, Job
from thalweg.execute.processes import processes
from thalweg.execute.sequential import sequential
from thalweg.train import Learner
from thalweg.train.full_batch import update_by_all
from thalweg.train.length import Length
from thalweg.train.threads import threads

SECONDS = 0.2
"""How long a way is timed at most,"""

ENOUGH = 8
"""and by how many updates."""


@dataclass(frozen=True)
class Way:
    """One way to do jobs.

    Attributes:
        name: The executor.
        threads: Torch threads of this process.
        members: How many runs are trained at a time.
        speed: Updates a second of all of them together.
        start: Seconds before the first.
        each: Seconds that an update of all takes longer for each run more.

    Example:
        >>> print(Way("batched", 2, 64, 5000.0)), Way("sequential", 1, 1, 100.0).seconds(50)
        trained in cohorts of 64 on 2 torch threads
        (None, 0.5)
    """

    name: str
    threads: int
    members: int
    speed: float
    start: float = 0.0
    each: float = 0.0

    def seconds(self, updates: int) -> float:
        """Return how long so many updates take."""
        return self.start + updates / self.speed

    def among(self, jobs: int) -> Way:
        """Return the way for so many jobs: with fewer members, if it had more, which gain less from each other.

        Example:
            >>> [Way("batched", 1, 20, 5000.0, each=each).among(10).speed for each in (0.0, 1e-4)]
            [2500.0, 3333.3...]
        """
        members = max(1, min(self.members, jobs))
        seconds = self.members / self.speed - (self.members - members) * self.each
        return replace(self, members=members, speed=members / seconds)

    @property
    def executor(self) -> Executor:
        """Who does it so."""
        if self.name == "batched":
            return partial(batched, chunk=self.members)
        return partial(processes, workers=self.members) if self.name == "processes" else sequential

    @property
    def shortly(self) -> str:
        """What it is called beside others, in a few words.

        Example:
            >>> Way("processes", 1, 2, 300.0, 4.0).shortly
            'in 2 processes, which take 4 s to start'
        """
        match self.name:
            case "batched" if self.members > 1:
                return "in cohorts"
            case "processes":
                start = f", which take {self.start:.0f} s to start" if self.start else ""
                return f"in {self.members} processes{start}"
            case _:
                return "one by one"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    def __str__(self) -> str:
        """Say what is done, in words."""
        on = f"on {self.threads} torch thread{'s' if self.threads > 1 else ''}"
        match self.name:
            case "batched" if self.members > 1:
                return f"trained in cohorts of {self.members} {on}"
            case "processes":
                return f"trained {self.shortly}"
            case _:
                return f"trained one by one {on}"


def updates_of(jobs: Sequence[Job]) -> int:
    """Return how many updates jobs have, if none ends early; those of a full-batch optimizer as one a batch."""
    lengths = (Length.of(job.problem, job.config) for job in jobs)
    return sum(length.batches * length.epochs for length in lengths)


def speed_alone(job: Job, count: int, seconds: float = SECONDS) -> float:
    """Return the updates a second of one run on so many threads, timed for so long, or for one update.

    One of a full-batch optimizer counts as one a batch, as in `updates_of`.
    """
    learner = Learner(job.problem, job.config)
    with threads(count), learner.own_generators():
        if learner.full_batch:
            started = time.perf_counter()
            update_by_all(learner, learner.length.batch_size)
            return learner.length.batches / (time.perf_counter() - started)
        x, y = next(batches(learner.splits["train"], learner.length.batch_size, learner.upcoming()))
        return _rate(lambda: learner.update(x, y), seconds)


def speed_together(jobs: Sequence[Job], count: int, seconds: float = SECONDS) -> float:
    """Return the same of a cohort of these jobs, all members together."""
    cohort = Cohort([Learner(job.problem, job.config) for job in jobs])
    with threads(count), cohort.learners[0].own_generators():
        x, y, shared = next(cohort.upcoming())
        return len(jobs) * _rate(lambda: cohort.update(x, y, shared=shared), seconds)


def _rate(update: Callable[[], object], seconds: float) -> float:
    """Return one over the usual time of an update: some of a cohort's first take longer, to be recorded."""
    update()  # the first allocates and compiles
    times, started = list[float](), time.perf_counter()
    while not times or (len(times) < ENOUGH and time.perf_counter() - started < seconds):
        before = time.perf_counter()
        update()
        times.append(time.perf_counter() - before)
    return 1 / median_low(times)
