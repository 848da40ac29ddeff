"""Choose: which executor does these jobs soonest, found by timing a few updates of the user's own model here."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from thalweg.core.errors import InputError, UnknownNameError, WorkerError, one_line
from thalweg.core.events import Sink, silent
from thalweg.core.run import Run
from thalweg.execute import room
from thalweg.execute.attempt import Attempt, in_passing, kept_in
from thalweg.execute.batched import CHUNK, telling, why_alone
from thalweg.execute.budget import Budget
from thalweg.execute.gate import Gate
from thalweg.execute.job import Executor, Job
from thalweg.execute.memory import Memory
from thalweg.execute.obstacles import of_problem
from thalweg.execute.processes import cores
from thalweg.execute.timed import Timed
from thalweg.execute.way import Way, speed_alone, speed_together, updates_of
from thalweg.problems import Problem
from thalweg.train import Learner
from thalweg.train.prepared import prepared
from thalweg.train.threads import GAIN, choose, threads

NAMES = ("auto", "sequential", "batched", "processes")

SHORT = 0.3
"""Seconds of work, run by run, below which nothing else is tried: it would be over before the choice is made."""

START = 4.0
"""Seconds that worker processes take before they train: mostly the import of torch."""

SHARED = 0.85
"""Of the speed of a process alone, what each has beside others: they share memory and clock."""


class Chosen:
    """An executor that takes the quickest of the others, and says which and why.

    Args:
        name: ``"auto"``, or the one to take: then only threads and members are chosen.
        threads: Torch threads; ``None`` measures how many pay.
        chunk: Members of a cohort; ``None`` measures.

    Raises:
        UnknownNameError: No such executor.

    Attributes:
        ways: What was taken, call by call.
        said: The first of it, and why, in a sentence.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> chosen = Chosen("sequential", threads=1)
        >>> runs = chosen([Job("a", load("digits/logistic"), Config(epochs=1))])
        >>> chosen.said
        'trained one by one on 1 torch thread'
    """

    def __init__(self, name: str = "auto", *, threads: int | None = None, chunk: int | None = None) -> None:
        if name not in NAMES:
            raise UnknownNameError("executor", name, NAMES)
        self.name, self.threads, self.chunk = name, threads, chunk
        self.ways: list[Way] = []
        self.said = ""
        self._failed = set[str]()
        self._timed: Timed | None = None

    def __call__(
        self, jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None, memory: Memory | None = None
    ) -> list[Run]:
        """Do the jobs, as `Executor` describes; after a kill in the way that was taken before it.

        Where worker processes do not serve, the next way does what they left undone.
        """
        if not jobs:
            return []
        folder = memory.folder if memory else None
        file = folder / f"{jobs[0].run_id.replace('/', '_')}.way.json" if folder else None
        ways = self._as_before(file) or self._choose(jobs)
        self.said = self.said or f"{ways[0]}, as before"
        for way, other in zip(ways, [*ways[1:], None], strict=True):
            attempt = Attempt(way, sink, file)
            try:
                with threads(way.threads):
                    runs = way.executor(jobs, attempt.hear, gate=gate, memory=memory)
            except (InputError, WorkerError) as error:
                if not other or not attempt.gives_way_to(error):
                    raise
                self._failed.add(way.name)
                self.said += f"; but {in_passing(error)}: {other} instead"
                memory = attempt.remembered(memory)
            else:
                self.ways.append(way)
                return runs
        raise AssertionError("the last way raises its own errors")

    def _as_before(self, file: Path | None) -> list[Way]:
        """Return the way that was taken before a kill, if that is known, and what to do if it fails now."""
        kept = kept_in(file)
        instead = self.name == "auto" and kept and kept.name == "processes"
        return [*([kept] if kept else ()), *([Way("sequential", 1, 1, 1.0)] if instead else ())]

    def _choose(self, jobs: Sequence[Job]) -> list[Way]:
        """Return ways to do the jobs, the soonest done first."""
        updates, crowd = updates_of(jobs), telling(jobs, together=self.name == "batched")
        if self._timed and self._timed.tells_of(crowd[0], updates):
            ways, remark = self._timed.ways_for(crowd), ""
        else:
            ways, remark = self._time(jobs)
            self._timed = Timed(crowd[0], updates, tuple(ways))
        ways.sort(key=lambda way: (way.name in self._failed, way.seconds(updates)))
        self.said = self.said or f"{ways[0]}{_because(ways)}{remark}"
        return ways

    def _time(self, jobs: Sequence[Job]) -> tuple[list[Way], str]:
        """Return what can be done and how fast it is, and why something cannot."""
        most = torch.get_num_threads()
        counts = [self.threads] if self.threads else [1, most] if most > 1 else [1]
        try:
            return self._ways(jobs, counts)
        except Exception as error:  # of the user's model: the runs will tell
            return [Way("sequential", counts[0], 1, 1.0)], f": an update fails, {one_line(error)}"

    def _ways(self, jobs: Sequence[Job], counts: Sequence[int]) -> tuple[list[Way], str]:
        """Return what can be done, and why something cannot."""
        crowd, updates = telling(jobs, together=self.name == "batched"), updates_of(jobs)
        if self.name == "batched":
            cohorts, obstacle = self._cohorts(crowd, counts, Budget())
            found = cohorts or [Way("batched", counts[0], 1, 1.0)]
            return found, f"; not in cohorts: {obstacle}" if obstacle else ""
        alone = [Way("sequential", counts[0], 1, speed_alone(crowd[0], counts[0]))]
        if self.name == "auto" and alone[0].seconds(updates) < SHORT:
            return alone, ": too little work to look for a quicker way"
        workers = min(cores(), len(jobs))
        share = SHARED if workers > 1 else 1.0
        apart = Way("processes", 1, workers, alone[0].speed * workers * share, START)
        if self.name == "processes":
            return [apart], ""
        budget = Budget(alone[0].seconds(updates))
        more = [Way("sequential", n, 1, speed_alone(crowd[0], n, budget.seconds)) for n in counts[1:]]
        found = [_of_threads([*alone, *more])]
        if self.name == "sequential":
            return found, ""
        cohorts, obstacle = self._cohorts(crowd, counts, replace(budget, rival=found[0].speed))
        found += [apart] if workers > 1 else []
        return found + cohorts, f"; not in cohorts: {obstacle}" if obstacle else ""

    def _cohorts(self, crowd: Sequence[Job], counts: Sequence[int], budget: Budget) -> tuple[list[Way], str]:
        """Return the best cohort, larger ones tried as long as they pay; or why there is none."""
        fit = [job for job in crowd if not why_alone(job)]
        if len(fit) < 2:
            return [], next(filter(None, map(why_alone, crowd)), "")
        sizes = list(_sizes(min(len(fit), self.chunk or CHUNK), exactly=self.chunk is not None))
        if not budget.allows(sizes[0], budget.rival / counts[-1]):
            return [], "trying one would take too long"
        obstacle = of_problem(prepared(crowd[0].problem, crowd[0].config))
        if obstacle:
            return [], obstacle
        found: list[Way] = []
        for members in sizes:
            if found and not budget.allows(members, found[-1].speed):
                break
            if found and room.members_that_fit(Learner(fit[0].problem, fit[0].config), members) < members:
                break
            speed = speed_together(fit[:members], counts[0], budget.seconds)
            each = _each(members / speed, members, found[-1]) if found else 0.0
            found.append(Way("batched", counts[0], members, speed, each=each))
            if speed * counts[-1] < budget.rival:  # more threads would not win either
                return found, ""
            if len(found) > 1 and speed < found[-2].speed:
                break
        best = max(found, key=lambda way: way.speed)
        more = [
            replace(best, threads=n, speed=speed_together(fit[: best.members], n, budget.seconds))
            for n in counts[1:]
        ]
        return [_of_threads([best, *more])], ""


@dataclass(frozen=True)
class Ready:
    """An executor at hand.

    Attributes:
        executor: The executor.
        how: How it does the runs, if that is settled.
    """

    executor: Executor
    how: str = ""

    @property
    def said(self) -> str:
        """How the runs were done, and why, in a sentence."""
        return self.executor.said if isinstance(self.executor, Chosen) else self.how

    @property
    def threads(self) -> int:
        """Torch threads that they were done on."""
        ways = self.executor.ways if isinstance(self.executor, Chosen) else ()
        return ways[0].threads if ways else torch.get_num_threads()


@contextmanager
def ready(given: str | Executor, problem: Problem, count: int | None) -> Generator[Ready]:
    """Have an executor at hand inside.

    Args:
        given: A name, or an executor.
        problem: What is trained.
        count: Torch threads; ``None`` measures how many pay.
    """
    if isinstance(given, str):
        yield Ready(Chosen(given, threads=count))
        return
    with choose(problem, count) as said:
        yield Ready(given, said)


def name_of(given: Executor) -> str:
    """Return what an executor is called; one with arguments filled in is called as without.

    Example:
        >>> from functools import partial
        >>> from thalweg.execute import batched
        >>> name_of(partial(batched, chunk=4))
        'batched'
    """
    if isinstance(given, Chosen):
        return ", ".join(dict.fromkeys(way.name for way in given.ways)) or given.name
    whole = getattr(given, "func", given)
    return getattr(whole, "__name__", type(whole).__name__)


def _because(ways: Sequence[Way]) -> str:
    """Say by how much the first is faster than the others."""
    if len(ways) < 2:
        return ""
    others = " or ".join(
        f"{way.speed:,.0f} {way.shortly}{',' * (way.start > 0 and way is not ways[-1])}" for way in ways[1:]
    )
    return f": {ways[0].speed:,.0f} updates/s against {others} (measured; --executor and --threads set it)"


def _each(seconds: float, members: int, fewer: Way) -> float:
    """Return what each member adds to the time of an update, by that of a cohort with fewer; between 0 and all."""
    more = (seconds - fewer.members / fewer.speed) / (members - fewer.members)
    return min(max(more, 0.0), seconds / members)


def _of_threads(ways: Sequence[Way]) -> Way:
    """Return the way on one thread, unless more are clearly faster: on a busy machine they can be far slower."""
    best = max(ways, key=lambda way: way.speed)
    return best if best.speed > GAIN * ways[0].speed else ways[0]


def _sizes(most: int, *, exactly: bool) -> Iterator[int]:
    """Yield the sizes of cohorts to try, each at least twice the last and about four times.

    Example:
        >>> list(_sizes(64, exactly=False)), list(_sizes(22, exactly=False)), list(_sizes(5, exactly=True))
        ([4, 16, 64], [4, 22], [5])
    """
    if not exactly:
        yield from (size for size in (4, 16) if 2 * size <= most)
    yield most
