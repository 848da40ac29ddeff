"""Batch: is the loss made of the model's outputs, and are the targets those of this batch?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update, tensors
from thalweg.watch.watchers.watcher import Watcher

TIMES = 3
"""Watched updates in a row that show it."""

MOST = 64
"""Watched updates after which nothing more is asked: a loop does as it did."""

NODES = 20_000
"""Of a loss's graph that are followed at most."""


class Batch(Watcher):
    """Sees losses that do not come from the outputs of their update, and targets that stay while inputs change."""

    faults = ("wrong_loss", "labels_wrong")

    def __init__(self) -> None:
        self._seen = self._apart = self._alike = self._compared = 0
        self._before: tuple[Tensor, Tensor] | None = None

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield a loss or targets of another batch."""
        if not update.losses or not update.passes:
            return
        if self._seen < TIMES:
            self._seen += 1
            self._apart += not _related(update)
            if self._apart == TIMES:
                yield self._unrelated(update)
        if self._compared < MOST:
            self._compared += 1
            yield from self._stays(update)
        else:
            self._before = None

    def _unrelated(self, update: Update) -> Finding:
        return Finding(
            fault="wrong_loss",
            severity=Severity.ERROR,
            where="loss",
            evidence=f"in {TIMES} watched updates the loss was not computed from the outputs that the model gave "
            "in the same update",
            remedy="compute the loss of the outputs of this batch, with no detach() in between, and call "
            "backward() on it",
            numbers={"step": update.step},
        )

    def _stays(self, update: Update) -> Iterator[Finding]:
        inputs, y = update.passes[0].tensors, update.targets
        if not inputs or y is None or y.numel() < 2:
            return
        before, now = self._before, (inputs[0].detach(), y.detach())
        self._before = now
        if before is None or any(one.shape != other.shape for one, other in zip(before, now, strict=True)):
            return
        same = bool((before[1] == now[1]).all()) and not _is_pattern(now[1])
        self._alike = self._alike + 1 if same and bool((before[0] != now[0]).any()) else 0
        if self._alike == TIMES:
            yield Finding(
                fault="labels_wrong",
                severity=Severity.WARNING,
                where="targets of the loss",
                evidence=f"{TIMES + 1} watched batches up to update {update.step} have different inputs and "
                "the very same targets",
                remedy="take the targets from the batch that the inputs come from, unless these are one batch, "
                "augmented anew",
                numbers={"step": update.step},
            )


def _is_pattern(y: Tensor) -> bool:
    """Return whether targets say the place in the batch alone, as those of contrasted pairs do."""
    flat = y.reshape(-1).double()
    steps = flat.diff()
    return bool((steps >= 0).all()) or bool(
        (flat == torch.arange(len(flat), device=flat.device) % (flat.max() + 1)).all()
    )


def _related(update: Update) -> bool:
    """Return whether a loss has an output of the update in its graph; so too where it cannot be told."""
    if len(update.passes) > 1:  # of which only the first is kept
        return True
    outputs = [one.grad_fn for call in update.passes for one in tensors(call.result) if one.grad_fn is not None]
    roots = [one.grad_fn for call in update.losses for one in call.outputs if one.grad_fn is not None]
    return not outputs or not roots or _leads(roots, set(outputs))


def _leads(roots: Sequence[object], wanted: set[object]) -> bool:
    seen, rest = set[object](), list(roots)
    while rest and len(seen) < NODES:
        node = rest.pop()
        if node in wanted:
            return True
        if node is not None and node not in seen:
            seen.add(node)
            rest.extend(following for following, _ in getattr(node, "next_functions", ()))
    return len(seen) >= NODES
