"""Stepping: does the optimizer step, after a backward pass, on the parameters that are trained?"""

from __future__ import annotations

from collections.abc import Iterator

from thalweg.core.finding import Finding, Severity
from thalweg.core.wording import listed
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

PATIENCE, LONG = 64, 1024
"""Backward passes without a step from which on none is expected: after gradients were cleared in between, and at
all, for large models gather gradients over hundreds."""

TIMES = 3
"""Watched updates in a row that show it."""

SHOWN = 3
"""Names that stand for all."""


class Stepping(Watcher):
    """Sees backward passes that no step follows, steps without one, and parameters that no optimizer moves."""

    faults = ("params_not_optimised",)

    def __init__(self) -> None:
        self._changes = self._without = self._apart = 0
        self._before: dict[str, int] = {}

    def underway(self, update: Update) -> Iterator[Finding]:
        """Yield that no step comes."""
        if update.backwards == 1:
            self._changes = _changes(update)
        count = update.backwards
        if update.step or count not in (PATIENCE, LONG) or (count == PATIENCE and not _was_cleared(update)):
            return
        still = _changes(update) == self._changes
        told = "no weight has changed" if still else "yet weights change: another optimizer steps"
        yield Finding(
            fault="params_not_optimised",
            severity=Severity.ERROR,
            where="training loop",
            evidence=f"{count} backward passes came without a step() of the optimizer that is watched; {told}",
            remedy="call optimizer.step() after the backward pass"
            if still
            else "watch the optimizer that makes the steps",
            numbers={"backward passes": count},
        )

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield steps without a backward pass, and parameters that nothing moves."""
        trained = any(one.requires_grad for call in update.passes[:1] for one in call.outputs)
        idle = trained and not update.backwards and not update.numbers.get("gradient")
        self._without = self._without + 1 if idle else 0
        if self._without == TIMES:
            yield Finding(
                fault="params_not_optimised",
                severity=Severity.ERROR,
                where="training loop",
                evidence=f"the {TIMES} updates watched up to {update.step} were steps without a backward pass, "
                "and without a gradient",
                remedy="call loss.backward() before optimizer.step()",
                numbers={"step": update.step},
            )
        yield from self._left_out(update)

    def _left_out(self, update: Update) -> Iterator[Finding]:
        missing = [name for name, held in update.held.items() if not held]
        versions = {name: update.named[name]._version for name in missing}
        still = bool(missing) and versions == self._before
        self._before, self._apart = versions, self._apart + 1 if still else 0
        if self._apart != TIMES:
            return
        whole = len(missing) == len(update.held)
        shown = listed(missing[:SHOWN]) + (" ..." if len(missing) > SHOWN else "")
        yield Finding(
            fault="params_not_optimised",
            severity=Severity.ERROR if whole else Severity.WARNING,
            where="optimizer",
            evidence="the optimizer holds none of the model's parameters"
            if whole
            else f"{len(missing)} of {len(update.held)} trainable parameters are not in the optimizer, and "
            f"nothing moves them: {shown}",
            remedy="make the optimizer last, from model.parameters() of the model that is trained; of layers that "
            "are not to be trained set requires_grad to False",
            numbers={"missing": len(missing), "parameters": len(update.held)},
        )


def _changes(update: Update) -> int:
    return sum(p._version for p in update.named.values())


def _was_cleared(update: Update) -> bool:
    """Whether gradients were cleared between passes: then they are not gathered for one step."""
    return update.fresh > 1 or sum(float(one) == 0 for one in update.left or ()) > 1
