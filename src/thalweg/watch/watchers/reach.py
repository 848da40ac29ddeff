"""Reach: does gradient come to every parameter, and does the step move it?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from thalweg.core.finding import Finding, Severity
from thalweg.core.wording import listed
from thalweg.watch.update import Update
from thalweg.watch.watchers.stepping import SHOWN
from thalweg.watch.watchers.watcher import Watcher

TIMES = 10
"""Watched updates in a row that show it."""

TINY = 1e-6
"""Part of the whole gradient below which one is rounding, as that of a bias before a normalization."""


class Reach(Watcher):
    """Sees parameters that no gradient comes to while others get theirs, and some that get it and stand still."""

    faults = ("gradient_blocked", "frozen_layer")

    def __init__(self) -> None:
        self._seen = 0
        self._without: set[str] = set()
        self._still: set[str] = set()

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield parameters without gradient, and those that do not move."""
        if self._seen == TIMES or not update.numbers.get("gradient"):
            return
        held = [name for name, held in update.held.items() if held]
        numbers = update.numbers
        without = {name for name in held if f"gradient/{name}" not in numbers}  # zero is a gradient
        moving = any(numbers.get(f"change/{name}") for name in held)
        enough = TINY * numbers["gradient"]
        pulled = {name for name in held if numbers.get(f"gradient/{name}", 0.0) > enough}
        still = {name for name in pulled if numbers.get(f"change/{name}") == 0 and moving}
        first = not self._seen
        self._seen += 1
        self._without = without if first else self._without & without
        self._still = still if first else self._still & still
        if self._seen < TIMES:
            return
        if self._without:
            yield self._cut_off(update, sorted(self._without, key=held.index))
        if self._still and any(update.rates) and math.isfinite(sum(update.rates)):
            yield self._unmoved(update, sorted(self._still, key=held.index))

    def _cut_off(self, update: Update, names: list[str]) -> Finding:
        return Finding(
            fault="gradient_blocked",
            severity=Severity.WARNING,
            where=names[0],
            evidence=f"in the {TIMES} updates watched up to {update.step} no gradient came to {len(names)} of "
            f"{len(update.named)} parameters: {_shown(names)}",
            remedy="follow the tensors from there to the loss for a detach(), .data, .item() or no_grad() on the "
            "way; if they are not used on purpose, leave them out of the optimizer",
            numbers={"parameters": len(names)},
        )

    def _unmoved(self, update: Update, names: list[str]) -> Finding:
        return Finding(
            fault="frozen_layer",
            severity=Severity.WARNING,
            where=names[0],
            evidence=f"{len(names)} of {len(update.named)} parameters got gradients and did not change in {TIMES} "
            f"updates: {_shown(names)}",
            remedy="give their group a learning rate above 0, or set requires_grad to False if they are to stay",
            numbers={"parameters": len(names)},
        )


def _shown(names: list[str]) -> str:
    return listed(names[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
