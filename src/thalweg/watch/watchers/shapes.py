"""Shapes: are outputs compared with targets of their own shape?"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

TIMES = 8
"""Watched updates after which nothing more is asked."""


class Shapes(Watcher):
    """Sees losses of numbers that stretch outputs and targets to a table of all pairs."""

    faults = ("tensor_shape",)

    def __init__(self) -> None:
        self._seen = 0

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield shapes that are stretched."""
        if self._seen == TIMES or not update.losses:
            return
        self._seen += 1
        pair = update.output, update.targets
        found = [one for one in pair if one is not None and one.is_floating_point() and one.numel() > 1]
        if len(found) < 2 or len(update.losses[0].tensors) > 2:
            return
        output, y = (one.shape for one in found)
        if output == y or output.numel() != y.numel():
            return
        try:
            pairs = torch.broadcast_shapes(output, y).numel()
        except RuntimeError:  # the loss brings them together in another way
            return
        if pairs > output.numel():
            yield Finding(
                fault="tensor_shape",
                severity=Severity.ERROR,
                where="loss",
                evidence=f"outputs of shape {tuple(output)} are compared with targets of shape {tuple(y)}: "
                f"every output with every target, {pairs} pairs in place of {output.numel()}",
                remedy="bring both to one shape, such as by y.unsqueeze(1) or output.squeeze(1)",
                numbers={"pairs": pairs, "outputs": output.numel()},
            )
