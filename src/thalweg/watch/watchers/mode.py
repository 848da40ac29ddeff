"""Mode: is the model in training mode while it is trained?"""

from __future__ import annotations

from collections.abc import Iterator

from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

TIMES = 3
"""Watched updates in a row that show it."""


class Mode(Watcher):
    """Sees updates with every dropout and batch normalization in evaluation mode."""

    faults = ("train_eval_mode",)

    def __init__(self) -> None:
        self._row = 0

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield that updates are made in evaluation mode."""
        self._row = self._row + 1 if update.evaluating else 0
        if self._row == TIMES:
            yield Finding(
                fault="train_eval_mode",
                severity=Severity.WARNING,
                where="model",
                evidence=f"the {TIMES} updates watched up to {update.step} were made in evaluation mode: dropout "
                "is off, and batch normalization uses statistics that stand still",
                remedy="call model.train() before the updates of every epoch: an evaluation calls model.eval(), "
                "and nothing undoes it",
                numbers={"step": update.step},
            )
