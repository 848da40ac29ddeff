"""Stepping: does the optimizer step, and does it hold the parameters that are trained?"""

from __future__ import annotations

from collections.abc import Iterator

from thalweg.core.finding import Finding, Severity
from thalweg.core.wording import listed
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

PATIENCE = 64
"""Backward passes without a step from which on none is expected; who gathers gradients gathers fewer."""

SHOWN = 3
"""Names that stand for all."""


class Stepping(Watcher):
    """Sees backward passes that no step follows, and parameters that the optimizer does not hold."""

    faults = ("params_not_optimised",)

    def __init__(self) -> None:
        self._changes = 0

    def underway(self, update: Update) -> Iterator[Finding]:
        """Yield that no step comes."""
        changes = sum(p._version for p in update.named.values())
        if update.backwards == 1:
            self._changes = changes
        if update.step or update.backwards != PATIENCE:
            return
        still = changes == self._changes
        told = "no weight has changed" if still else "yet weights change: another optimizer steps"
        yield Finding(
            fault="params_not_optimised",
            severity=Severity.ERROR,
            where="training loop",
            evidence=f"{PATIENCE} backward passes came without a step() of the optimizer that is watched; {told}",
            remedy="call optimizer.step() after the backward pass"
            if still
            else "watch the optimizer that makes the steps",
            numbers={"backward passes": PATIENCE},
        )

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield parameters that the optimizer does not hold."""
        missing = [name for name, held in update.held.items() if not held]
        if not missing:
            return
        whole = len(missing) == len(update.held)
        shown = listed(missing[:SHOWN]) + (" ..." if len(missing) > SHOWN else "")
        yield Finding(
            fault="params_not_optimised",
            severity=Severity.ERROR,
            where="optimizer",
            evidence="the optimizer holds none of the model's parameters"
            if whole
            else f"{len(missing)} of {len(update.held)} trainable parameters are not in the optimizer: {shown}",
            remedy="make the optimizer last, from model.parameters() of the model that is trained; of layers that "
            "are not to be trained set requires_grad to False",
            numbers={"missing": len(missing), "parameters": len(update.held)},
        )
