"""Choose: which executor does these jobs soonest, found by timing a few updates of the user's own model here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from thalweg.core.errors import UnknownNameError
from thalweg.core.events import Notice, Sink, silent
from thalweg.core.run import Run
from thalweg.data.batches import batches
from thalweg.execute import room
from thalweg.execute.batched import CHUNK, batched, crowds, trains_alone
from thalweg.execute.cohort import Cohort
from thalweg.execute.gate import Gate
from thalweg.execute.job import Executor, Job
from thalweg.execute.memory import Memory
from thalweg.execute.obstacles import of_problem
from thalweg.execute.passes import plain_attention
from thalweg.execute.processes import cores, processes
from thalweg.execute.sequential import sequential
from thalweg.train import Learner
from thalweg.train.prepared import prepared
from thalweg.train.threads import GAIN, threads

NAMES = ("auto", "sequential", "batched", "processes")

SECONDS = 0.25
"""How long each way is timed."""

START = 4.0
"""Seconds that worker processes take before they train: mostly the import of torch."""

SHARED = 0.85
"""Of the speed of one process alone, what each has beside others: they share memory and clock."""


@dataclass(frozen=True)
class Way:
    """One way to do jobs.

    Attributes:
        name: The executor.
        threads: Torch threads of this process.
        members: How many runs are trained at a time.
        speed: Updates a second of all of them.
        start: Seconds before the first.
    """

    name: str
    threads: int
    members: int
    speed: float
    start: float = 0.0

    def seconds(self, updates: int) -> float:
        """Return how long so many updates take."""
        return self.start + updates / self.speed

    def __str__(self) -> str:
        """Say what is done, in words."""
        on = f"on {self.threads} torch thread{'s' if self.threads > 1 else ''}"
        match self.name:
            case "batched":
                return f"trained in cohorts of {self.members} {on}"
            case "processes":
                return f"trained in {self.members} processes"
            case _:
                return f"trained one by one {on}"


class Chosen:
    """An executor that chooses among the others at every call, and says what it chose and why.

    Args:
        name: ``"auto"``, or the one that is to be taken: then only the threads are chosen.
        threads: Torch threads; ``None`` measures how many pay.
        chunk: Members of a cohort at most; ``None`` measures.

    Raises:
        UnknownNameError: No such executor.

    Attributes:
        said: What was chosen at the last call, and why, in a sentence.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> problem, chosen = load("digits/logistic"), Chosen("sequential", threads=1)
        >>> runs = chosen([Job("a", problem, Config(epochs=1))])
        >>> chosen.said
        'trained one by one on 1 torch thread'
    """

    def __init__(self, name: str = "auto", *, threads: int | None = None, chunk: int | None = None) -> None:
        if name not in NAMES:
            raise UnknownNameError("executor", name, NAMES)
        self.name, self.threads, self.chunk = name, threads, chunk
        self.said = ""

    def __call__(
        self, jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None, memory: Memory | None = None
    ) -> list[Run]:
        """Do the jobs, as `Executor` describes."""
        if not jobs:
            return []
        way, why = self._choose(jobs)
        self.said = f"{way}{why}"
        sink(Notice(run_id=jobs[0].run_id, text=self.said))
        with threads(way.threads):
            return _executor(way)(jobs, sink, gate=gate, memory=memory)

    def _choose(self, jobs: Sequence[Job]) -> tuple[Way, str]:
        """Return the way that is soonest done, and why it was taken."""
        most = torch.get_num_threads()
        counts = [self.threads] if self.threads else [1, most] if most > 1 else [1]
        ways = list(self._ways(jobs, counts))
        if len(ways) == 1:
            return ways[0], ""
        updates = sum(map(_updates, jobs))
        best = min(ways, key=lambda way: way.seconds(updates))
        others = [way for way in ways if way.name != best.name]
        second = min(others, key=lambda way: way.seconds(updates), default=None)
        if second is None:
            return best, f": {best.speed:,.0f} updates/s (measured; --threads sets it)"
        return best, (
            f": {best.speed:,.0f} updates/s, against {second.speed:,.0f} if {second} (measured; --executor sets)"
        )

    def _ways(self, jobs: Sequence[Job], counts: Sequence[int]) -> Iterator[Way]:
        crowd = max(crowds(jobs), key=len)
        alone = [
            Way("sequential", count, 1, _speed_alone(crowd[0], count)) for count in counts if self._asks_alone
        ]
        if self.name in ("auto", "sequential"):
            yield _of_threads(alone)
        if self.name in ("auto", "processes"):
            workers = min(cores(), len(jobs))
            speed = alone[0].speed * workers * (SHARED if workers > 1 else 1.0)
            if workers > 1 or self.name == "processes":
                yield Way("processes", 1, workers, speed, START)
        if self.name == "batched" or (self.name == "auto" and len(crowd) > 1):
            yield from self._batched(crowd, counts)

    @property
    def _asks_alone(self) -> bool:
        return self.name != "batched"

    def _batched(self, crowd: Sequence[Job], counts: Sequence[int]) -> Iterator[Way]:
        """Yield the best cohort: larger ones are tried as long as they pay."""
        fit = [job for job in crowd if not trains_alone(job)]
        if len(fit) < 2 or of_problem(prepared(crowd[0].problem, crowd[0].config)):
            if self.name == "batched":
                yield Way("batched", counts[0], 1, 1.0)
            return
        found: list[Way] = []
        for members in _sizes(min(len(fit), self.chunk or CHUNK), exactly=self.chunk is not None):
            if room.members_that_fit(Learner(fit[0].problem, fit[0].config), members) < members:
                break
            tried = [Way("batched", count, members, _speed_together(fit[:members], count)) for count in counts]
            found.append(_of_threads(tried))
            if len(found) > 1 and found[-1].speed < found[-2].speed:
                break
        if found:
            yield max(found, key=lambda way: way.speed)


def executor(name: str | Executor = "auto", *, threads: int | None = None) -> Executor:
    """Return an executor of this name; one that is an executor already is returned as it is.

    Raises:
        UnknownNameError: There is no executor of that name.

    Example:
        >>> executor(sequential) is sequential
        True
    """
    return Chosen(name, threads=threads) if isinstance(name, str) else name


def _executor(way: Way) -> Executor:
    if way.name == "batched":
        return partial(batched, chunk=way.members)
    return partial(processes, workers=way.members) if way.name == "processes" else sequential


def _of_threads(ways: Sequence[Way]) -> Way:
    """Return the way on one thread, unless more are clearly faster: on a busy machine they can be far slower."""
    best = max(ways, key=lambda way: way.speed)
    return best if best.speed > GAIN * ways[0].speed else ways[0]


def _sizes(most: int, *, exactly: bool) -> list[int]:
    """Return the sizes of cohorts to try: a few, each four times the last.

    Example:
        >>> _sizes(64, exactly=False), _sizes(5, exactly=False), _sizes(5, exactly=True)
        ([4, 16, 64], [4, 5], [5])
    """
    return [most] if exactly else [*(size for size in (4, 16) if size < most), most]


def _updates(job: Job) -> int:
    size = job.config.batch_size or job.problem.batch_size
    return -(-len(job.problem.train) // size) * (job.config.epochs or job.problem.epochs)


def _speed_alone(job: Job, count: int) -> float:
    """Return the updates a second of one run on so many threads."""
    learner = Learner(job.problem, job.config)
    if learner.full_batch:
        learner = Learner(job.problem, job.config.replace(optimizer="sgd", hyper={}, schedules={}))
    size = learner.config.batch_size or 1
    with threads(count), learner.own_generators():
        x, y = next(batches(learner.splits["train"], size, learner.upcoming()))
        return _rate(lambda: learner.update(x, y))


def _speed_together(jobs: Sequence[Job], count: int) -> float:
    """Return the updates a second of a cohort of these jobs, all members together."""
    cohort = Cohort([Learner(job.problem, job.config) for job in jobs])
    with threads(count), cohort.learners[0].own_generators(), plain_attention():
        x, y, shared = next(cohort.upcoming())
        return len(jobs) * _rate(lambda: cohort.update(x, y, shared=shared))


def _rate(update: object) -> float:
    assert callable(update)
    update()  # the first allocates and compiles
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < SECONDS or not done:
        update()
        done += 1
    return done / spent
