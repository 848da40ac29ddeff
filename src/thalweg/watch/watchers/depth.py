"""Depth: does the gradient keep its size from the last layer to the first?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from thalweg.check.experiments.flow import DEEP, FADED, JUMP, LARGE, STUCK
from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

TIMES = 5
"""Watched updates in a row in which it fades."""

RECENT = 20
"""Watched updates whose median is compared with."""


class Depth(Watcher):
    """Compares gradient over weight of the first matrix with that of the last, and gradients with those before."""

    faults = ("vanishing_gradient", "exploding_gradient")

    def __init__(self) -> None:
        self._faded, self._start = 0, math.nan
        self._ratios: list[float] = []

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield gradients that fade with depth, or explode."""
        yield from self._fades(update)
        yield from self._explodes(update)

    def _fades(self, update: Update) -> Iterator[Finding]:
        if self._faded == TIMES:
            return
        self._start = update.numbers.get("loss", math.nan) if math.isnan(self._start) else self._start
        found = [(name, _over_weight(update, name)) for name in update.matrices]
        known = [(name, ratio) for name, ratio in found if 0 < ratio < math.inf]
        fades = len(known) >= DEEP and known[0][1] < FADED * known[-1][1]
        self._faded = self._faded + 1 if fades else 0
        if self._faded == TIMES:
            (first, low), (last, high) = known[0], known[-1]
            stuck = not update.numbers.get("loss", math.inf) < STUCK * self._start
            yield Finding(
                fault="vanishing_gradient",
                severity=Severity.WARNING if stuck else Severity.NOTE,  # some nets learn all the same
                where=first,
                evidence=f"gradient over weight was {low:.2g} in {first} and {high:.2g} in {last} at update "
                f"{update.step}, and as far apart in the {TIMES - 1} watched before",
                remedy="take rectifiers, weights drawn for the non-linearity, batch normalization or residual "
                "connections",
                numbers={"ratio": low / high, "threshold": FADED},
            )

    def _explodes(self, update: Update) -> Iterator[Finding]:
        weight, gradient = update.numbers.get("weight", 0.0), update.numbers.get("gradient", math.nan)
        if not (0 < gradient < math.inf and weight > 0):
            return
        ratio, usual = gradient / weight, median(self._ratios) if len(self._ratios) == RECENT else math.inf
        self._ratios = [*self._ratios[1 - RECENT :], ratio]
        if ratio > LARGE and ratio > JUMP * usual:
            yield Finding(
                fault="exploding_gradient",
                severity=Severity.WARNING,
                where="gradient",
                evidence=f"the gradient of update {update.step} was {ratio:.3g} times the weights, "
                f"{ratio / usual:.3g} times what is usual here",
                remedy="clip its norm (torch.nn.utils.clip_grad_norm_), or lower the learning rate",
                numbers={"over weight": ratio, "times the median": ratio / usual, "threshold": JUMP},
            )


def _over_weight(update: Update, name: str) -> float:
    weight = update.numbers.get(f"weight/{name}", 0.0)
    return update.numbers.get(f"gradient/{name}", math.nan) / weight if weight else math.nan
