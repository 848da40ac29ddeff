"""Finite: does the gradient stay finite where the loss does?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from thalweg.core.finding import Finding, Severity
from thalweg.watch.broken import HUGE
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher


class Finite(Watcher):
    """Sees gradients that are not finite though the loss is, and, at every update, a loss that is not."""

    faults = ("numerical_instability", "nan_in_data")

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield the layer whose outputs got the first gradient that is not finite; `broken` looks after losses."""
        numbers = update.numbers
        if math.isfinite(numbers.get("gradient", 0.0)) or not math.isfinite(numbers.get("loss", math.nan)):
            return
        if numbers.get("weight", 0.0) > HUGE:  # which overflow
            return
        layers = [name for name, value in update.of("returned").items() if not math.isfinite(value)]
        own = [name for name, value in update.of("gradient").items() if not math.isfinite(value)]
        if not (layers or own):
            return
        order = list(update.of("mean"))
        place = max(layers, key=order.index) if layers else own[0]
        yield Finding(
            fault="numerical_instability",
            severity=Severity.ERROR,
            where=place,
            evidence=f"the loss of update {update.step} is {numbers['loss']:.4g}, but the gradient that came to "
            f"{place} is not finite: what follows it has no slope there",
            remedy="keep roots and logarithms away from 0, where their slope is infinite: add a small number "
            "inside",
            numbers={"step": update.step},
        )
