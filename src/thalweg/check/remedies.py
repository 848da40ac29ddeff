"""Remedies: a change that would mend a fault is tried, with the same updates and seeds as without it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeVar

import torch

from thalweg.check.budget import OutOfTime, left
from thalweg.check.experiments.runs import updates
from thalweg.check.look import Change
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.check.yardstick import LOSS, Score, gained, score
from thalweg.core.finding import Proof

SEEDS = 3
"""Runs on either side at most; the third is made where two do not agree."""

SECONDS, LEAST, MOST = 1.5, 40, 300
"""What a run may take, and its updates: enough to tell nets that learn from those that do not."""

LONG = {"overfitting": 1000}
"""Updates that harm takes to show where it shows late, by fault: fewer would try nothing."""

POINTS = 60
"""Of a curve."""

T = TypeVar("T")
Pair = tuple[T | None, T | None]
"""Without the remedy, and with it; ``None`` is a run that failed or diverged."""


@dataclass(frozen=True)
class Course:
    """A run that came to its end.

    Attributes:
        trainee: The trained copy.
        losses: Of its updates.
    """

    trainee: Trainee
    losses: tuple[float, ...]


@dataclass
class Trials:
    """Tries changes of one set-up; its runs without any are made once.

    Args:
        setup: Without the remedies.
        seed: Of the examination: the trials take those after it, for the fault was seen on this one.
    """

    setup: Setup
    seed: int = 0
    known: dict[tuple[int, int], Course | None] = field(default_factory=dict[tuple[int, int], Course | None])

    def attempt(self, fault: str, change: Change) -> Proof | None:
        """Try a change; returns None if nothing can be measured or the time is up before two pairs of runs.

        Args:
            fault: What it is to mend, which says by what it is judged.
            change: What is changed.
        """
        mended = self._mended(change)
        if mended is None:
            return None
        pairs: list[Pair[Score]] = []
        courses: list[Pair[Course]] = []
        steps = 0
        try:
            steps = self._steps(fault, mended)
            for number in range(SEEDS):
                if number == SEEDS - 1 and _agree(pairs):
                    break
                courses.append((self._without(steps, number), self._with(mended, steps, number)))
                pairs.append((_score(fault, courses[-1][0]), _score(fault, courses[-1][1])))
        except OutOfTime:
            courses = courses[: len(pairs)]
        comparable = mended.problem.loss is self.setup.problem.loss
        return _proof(change, steps, pairs, courses, comparable=comparable) if len(pairs) > 1 else None

    def _mended(self, change: Change) -> Setup | None:
        """Return the mended set-up, None if it cannot be made, or not be trained."""
        try:
            mended = change.apply(self.setup)
            Trainee(mended, seed=self.seed)
        except Exception:  # of the user's own code, on what the change made of it
            return None
        return mended

    def _steps(self, fault: str, mended: Setup) -> int:
        least, most = (LONG.get(fault, usual) for usual in (LEAST, MOST))
        seconds = min(SECONDS, max(0.0, left()) / (2 * SEEDS))
        try:
            return updates(Subject(mended, self.seed), seconds=seconds, least=least, most=most)
        except Exception:  # it cannot run: the runs say so
            return LEAST

    def _without(self, steps: int, number: int) -> Course | None:
        if (steps, number) not in self.known:
            self.known[steps, number] = _run(self.setup, steps, self.seed + 1 + number)
        return self.known[steps, number]

    def _with(self, mended: Setup, steps: int, number: int) -> Course | None:
        size, smaller = (setup.config.batch_size or setup.problem.batch_size for setup in (self.setup, mended))
        # A smaller batch is to see as many samples: that is what it is proposed for.
        return _run(mended, steps * max(1, size // smaller), self.seed + 1 + number)


def _run(setup: Setup, steps: int, seed: int) -> Course | None:
    """Train; returns None if it fails or diverges."""
    try:
        trainee = Trainee(setup, seed=seed)
        trace = trainee.train(steps, judge=False)
    except Exception:  # of the user's own code: what cannot be made cannot be trained
        return None
    finite = all(bool(torch.isfinite(p).all()) for p in trainee.model.parameters())
    return Course(trainee, trace.losses) if finite and not (trace.error or trace.diverged) else None


def _score(fault: str, course: Course | None) -> Score | None:
    try:
        found = None if course is None else score(fault, course.trainee)
    except Exception:  # of the user's own code, on a validation split that is unlike training
        return None
    return found if found and math.isfinite(found.worth) else None


def _agree(pairs: Sequence[Pair[Score]]) -> bool:
    """Whether each pair alone says the same as all of them."""
    return len({gained([a], [b]) for a, b in pairs} | {gained(*zip(*pairs, strict=True))}) == 1


def _proof(
    change: Change, steps: int, pairs: Sequence[Pair[Score]], courses: Sequence[Pair[Course]], *, comparable: bool
) -> Proof | None:
    before, after = zip(*pairs, strict=True)
    known = next((one for one in (*after, *before) if one), None)
    if known is None or (known.measure == LOSS and not comparable):
        return None
    return Proof(
        change=change.words,
        measure=known.measure,
        before=_mean(before),
        after=_mean(after),
        higher_is_better=known.higher_is_better,
        helped=gained(before, after),
        steps=steps,
        seeds=len(pairs),
        curves={name: _curve([pair[side] for pair in courses]) for side, name in enumerate(("without", "with"))},
    )


def _mean(scores: Sequence[Score | None]) -> float:
    values = [one.value for one in scores if one]
    return fmean(values) if values else math.nan


def _curve(courses: Sequence[Course | None]) -> tuple[float, ...]:
    """Return the mean loss of runs, in `POINTS` stretches of updates."""
    losses = [course.losses for course in courses if course]
    if not losses:
        return ()
    mean = [fmean(step) for step in zip(*losses, strict=False)]
    each = max(1, math.ceil(len(mean) / POINTS))
    return tuple(fmean(mean[at : at + each]) for at in range(0, len(mean), each))
