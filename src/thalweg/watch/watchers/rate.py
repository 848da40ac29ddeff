"""Rate: is the learning rate far too high, or far too low, by what it does?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, median

from thalweg.check.experiments.flow import FAST, SLOW
from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

FIRST, LAST = 5, 5
"""Watched updates at the start and of late whose losses are compared."""

RISEN = 2.0
"""Times the loss of the start that the loss is, from which on it climbs; noise alone stays below, and so do nets
that are hard to start, whose loss falls again."""

ENOUGH = 20
"""Watched updates from which on a loss that has not moved means something."""

UNMOVED = 0.01
"""Relative change of the loss below which it has not moved."""


class Rate(Watcher):
    """Compares the loss of late with that of the start, and how far updates go with how large weights are."""

    faults = ("lr_too_high", "lr_too_low")

    def __init__(self) -> None:
        self._losses: list[float] = []
        self._ratios: list[float] = []
        self._seen = 0
        self._over = 0.0

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield a rate that drives the loss up, or moves nothing."""
        loss, ratio = update.numbers.get("loss", math.nan), update.numbers.get("update ratio", math.nan)
        self._over = update.numbers.get("overshoot", self._over)
        if not math.isfinite(ratio):
            return
        self._seen += 1
        self._ratios = [*self._ratios[1 - ENOUGH :], ratio]
        if math.isfinite(loss):
            kept = (
                self._losses
                if len(self._losses) < FIRST + LAST
                else [*self._losses[:FIRST], *self._losses[1 - LAST :]]
            )
            self._losses = [*kept, loss]
        if len(self._losses) < FIRST + LAST:
            return
        start, late = fmean(self._losses[:FIRST]), median(self._losses[-LAST:])
        if start > 0 and late > RISEN * self._losses[0] and late > RISEN * min(self._losses[:FIRST]):
            yield self._too_high(update, late)
        elif self._seen >= ENOUGH and max(self._ratios) < SLOW and abs(late - start) < UNMOVED * abs(start):
            yield self._too_low(update, start, late)

    def _too_high(self, update: Update, late: float) -> Finding:
        told = f", at a learning rate of {update.rates[0]:.3g}" if update.rates else ""
        moved = median(self._ratios[-LAST:])
        beyond = f"; a step overshoots the bottom along it {self._over:.3g} times" if self._over > RISEN else ""
        return Finding(
            fault="lr_too_high",
            severity=Severity.ERROR,
            where="learning rate",
            evidence=f"the loss was {self._losses[0]:.3g} at the start and is {late:.3g} at update {update.step}"
            f"{told}, where an update moves the weights by {moved:.2g} of their norm{beyond}",
            remedy="divide the learning rate by 10 until the loss falls; `thalweg sweep` finds the best",
            numbers={"loss": late, "at the start": self._losses[0], "threshold": RISEN, "usual at most": FAST},
        )

    def _too_low(self, update: Update, start: float, late: float) -> Finding:
        return Finding(
            fault="lr_too_low",
            severity=Severity.WARNING,
            where="learning rate",
            evidence=f"an update moves the weights by {max(self._ratios):.2g} of their norm at most, and the loss "
            f"has gone from {start:.4g} to {late:.4g} in {update.step} updates",
            remedy="multiply the learning rate by 10 until the loss falls; `thalweg sweep` finds the best",
            numbers={"update ratio": max(self._ratios), "threshold": SLOW},
        )
