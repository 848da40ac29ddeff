"""Clearing: are gradients cleared once an update, before the backward pass?"""

from __future__ import annotations

from collections.abc import Iterator

from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

TIMES = 2
"""Updates that show it, before it is said."""

REMEDY = "call optimizer.zero_grad() once an update, before its backward pass"


class Clearing(Watcher):
    """Sees updates none of whose backward passes began with gradients of zero, and steps made with zeros."""

    faults = ("zero_grad",)

    def __init__(self) -> None:
        self._left = self._emptied = 0

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield gradients that were not cleared, or cleared too late."""
        if update.cleared:
            self._emptied += 1
        elif update.step and update.left and (left := min(map(float, update.left))) > 0:
            self._left += 1
            if self._left == TIMES:
                yield self._uncleared(update, left)
        if self._emptied == TIMES:
            yield Finding(
                fault="zero_grad",
                severity=Severity.ERROR,
                where="training loop",
                evidence=f"update {update.step} was made with gradients of zero, though its backward pass had "
                "come through the model: they were cleared between backward() and step()",
                remedy=REMEDY,
            )

    def _uncleared(self, update: Update, left: float) -> Finding:
        gradient = update.numbers.get("gradient", 0.0)
        return Finding(
            fault="zero_grad",
            severity=Severity.ERROR,
            where="training loop",
            evidence=f"when the backward pass of update {update.step} began, gradients of norm {left:.3g} were "
            f"there already, and {gradient:.3g} when it was over: nothing clears them",
            remedy=REMEDY,
            numbers={"left over": left, "gradient": gradient},
        )
