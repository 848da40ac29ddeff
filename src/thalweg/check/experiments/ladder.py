"""Ladder: the user's set-up at rates around the user's own, each for the same few updates from the same seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch.optim import Adam

from thalweg.check.experiments.runs import end, tail, updates, with_optimizer
from thalweg.check.experiments.start import outset
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import STEPS, Subject
from thalweg.check.trainee import Trainee

SECONDS = 1.0
"""What one run may take; there are six or seven."""

LEAST, MOST = 20, STEPS
"""Updates of a run. Fewer say little of a rate; `STEPS` are made at the user's own anyway."""

RUNG = math.sqrt(10.0)
"""Half a decade between the finest rungs: rates a factor of 2 apart can seldom be told from each other."""

FARTHEST = 6
"""Rungs up and down at most: three decades,"""

BEYOND = 10
"""and five up, as long as each rate does better than the last and none learns: targets may be far from outputs."""

NEAR, BELOW = 2, 4
"""Rungs up and down that are always tried; more below a rate that stalls, for one decade lower may stall too."""

STALLS = 0.8
"""Times the loss at the start that one still is at its end where a rate stalls."""

REFERENCE = (1e-3, 1e-2)
"""Rates of Adam, of which one or the other trains nearly every net (its default is the first)."""

GOOD = 0.7
"""The progress from which on a rate is good enough to experiment with."""

LEARNS = 0.05
"""The share of the first loss by which one has to fall before any rate can be judged by it."""


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Losses by rate.

    Attributes:
        rate: The user's learning rate.
        steps: Updates of each run.
        start: The loss before any, or that of chance if it is lower: to come down to chance is no progress.
        ends: The loss at the end by the factor on the user's rate, ascending; infinity if it diverged.
        reference: The same for Adam, by its rate; none if that is what the user has.
    """

    rate: float
    steps: int
    start: float
    ends: Mapping[float, float]
    reference: Mapping[float, float]

    @property
    def best(self) -> float:
        """The factor of the lowest loss; of equal ones the smallest."""
        return min(self.ends, key=lambda factor: (self.ends[factor], factor))

    @property
    def lowest(self) -> float:
        """The lowest loss of all, that of Adam too."""
        return min(*self.ends.values(), *self.reference.values(), self.start)

    @property
    def learns(self) -> bool:
        """Whether any rate brings the loss down at all."""
        return _falls(self.start, self.lowest)

    def progress(self, factor: float) -> float:
        """Return how much of the way down from the start to the lowest loss is made at a rate; 0 if none."""
        return self.way(self.ends[factor])

    def way(self, loss: float) -> float:
        """Return how much of the way down a loss is."""
        return max(0.0, (self.start - loss) / (self.start - self.lowest)) if self.start > self.lowest else 1.0


@once
def ladder(subject: Subject) -> Ladder | None:
    """Return the losses by rate; None where the optimizer has no learning rate."""
    rates = [float(group.get("lr") or 0.0) for group in subject.trainee.learner.optimizer.param_groups]
    if not all(rates):
        return None
    steps = updates(subject, seconds=SECONDS, least=LEAST, most=MOST)
    first, known = subject.trace.losses[0], outset(subject)
    start = min(first, known.chance) if known and known.chance > 0 else first
    ends = {0: end_of(subject, subject.setup, steps)}

    def climb(direction: int, always: int) -> None:
        for rung in range(2, BEYOND + 1, 2):
            if rung > FARTHEST and (direction < 0 or _falls(start, min(ends.values()))):
                return
            before, at = ends[direction * (rung - 2)], direction * rung
            ends[at] = end_of(subject, at_factor(subject.setup, RUNG**at), steps)
            if rung >= always and ends[at] >= before and math.isfinite(before):
                return
            if direction > 0 and math.isinf(ends[at]):
                return

    climb(1, NEAR)
    climb(-1, NEAR if ends[0] < STALLS * abs(start) else BELOW)
    lowest = min(ends, key=lambda rung: (ends[rung], rung))
    for rung in (lowest - 1, lowest + 1):
        ends[rung] = end_of(subject, at_factor(subject.setup, RUNG**rung), steps)
    adam = type(subject.trainee.learner.optimizer).__name__.startswith("Adam") and min(ends.values()) < math.inf
    others = {} if adam else {lr: with_optimizer(subject.setup, Adam, lr=lr) for lr in REFERENCE}
    return Ladder(
        rate=max(rates),
        steps=steps,
        start=start,
        ends={RUNG**rung: ends[rung] for rung in sorted(ends)},
        reference={lr: end_of(subject, setup, steps) for lr, setup in others.items()},
    )


def _falls(start: float, lowest: float) -> bool:
    return start - lowest > LEARNS * abs(start)


def at_factor(setup: Setup, factor: float) -> Setup:
    """Return the set-up with every rate multiplied."""
    return setup.replace(rate=setup.rate * factor)


def end_of(subject: Subject, setup: Setup, steps: int) -> float:
    """Return the loss at the end of a run of a set-up; infinity if it diverged."""
    if setup is subject.setup and steps <= len(subject.trace.losses):
        return tail(subject.trace.losses[:steps])
    return end(Trainee(setup, seed=subject.seed).train(steps, judge=False))


def own_good(subject: Subject) -> Setup:
    """Return the set-up with the user's optimizer at a good rate: the user's, if it does nearly as well as any."""
    found = ladder(subject)
    if found is None or found.progress(1.0) >= GOOD * found.progress(found.best):
        return subject.setup
    return at_factor(subject.setup, found.best)


@once
def good(subject: Subject) -> Setup:
    """Return the set-up at a rate at which it learns: the user's if that does, else the best that is known."""
    found = ladder(subject)
    if found is None or not found.learns or max(map(found.progress, found.ends)) >= GOOD:
        return own_good(subject)
    lr = min(found.reference, key=lambda rate: found.reference[rate])
    return with_optimizer(subject.setup, Adam, lr=lr)
