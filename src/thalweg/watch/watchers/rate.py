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

RISEN, FAR = 2.0, 0.01
"""Times the loss of the start that the loss is, and change over weight in an update, from which on the rate drives
it up. Losses that others raise, or whose meaning is annealed, rise by usual updates of about a thousandth."""

STALLED, BEYOND = 0.95, 2.0
"""Part of the loss of the start that is left where nothing was learned; and of the way to the bottom along a step
twice, where it ends as high as it began."""

ENOUGH, LONG = 20, 50
"""Watched updates from which on a loss that has not moved means something, at a change of `SLOW` and of ten times
that."""

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
        self._over = update.numbers.get("overshoot", self._over if self._seen else 0.0)
        if not (math.isfinite(ratio) and update.numbers.get("gradient")):
            return
        self._seen += 1
        self._ratios = [*self._ratios[1 - ENOUGH :], ratio]
        if math.isfinite(loss):
            long = len(self._losses) >= FIRST + LAST
            self._losses = [*(self._losses[:FIRST] + self._losses[1 - LAST :] if long else self._losses), loss]
        if len(self._losses) < FIRST + LAST or update.partial:
            return
        start, late, usual = fmean(self._losses[:FIRST]), median(self._losses[-LAST:]), median(self._ratios)
        climbs = late > RISEN * max(self._losses[0], min(self._losses[:FIRST])) > 0 and usual > FAR
        stalls = self._seen >= ENOUGH and late > STALLED * start > 0 and usual > FAST / BEYOND
        small = max(self._ratios) < (10 * SLOW if self._seen >= LONG else SLOW)
        if climbs or stalls:
            yield self._too_high(update, late)
        elif self._seen >= ENOUGH and small and abs(late - start) < UNMOVED * abs(start):
            yield self._too_low(update, start, late)

    def _too_high(self, update: Update, late: float) -> Finding:
        told = f", at a learning rate of {update.rates[0]:.3g}" if update.rates else ""
        moved = median(self._ratios[-LAST:])
        beyond = f"; a step overshoots the bottom along it {self._over:.3g} times" if self._over > BEYOND else ""
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
