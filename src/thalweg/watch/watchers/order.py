"""Order: do batches come with targets that are alike?"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from thalweg.check.looks.order import ALIKE, CLASSES
from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

BATCHES, MOST = 12, 64
"""Watched batches from which on something can be said, and after which nothing more is asked."""


class Order(Watcher):
    """Compares how targets vary from batch to batch with how they vary in batches drawn at random.

    Classes are counted, numbers averaged: the mean of a batch of n has 1/n of the variance of one target.
    """

    faults = ("data_not_shuffled",)

    def __init__(self) -> None:
        self._means: list[Tensor] = []
        self._squares: list[Tensor] = []
        self._size = 0

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield that samples are not shuffled."""
        y = update.targets
        if y is None or len(self._means) >= MOST:
            return
        values = _values(y)
        if values is None or len(values) < 2 or (self._size and len(values) != self._size):
            return
        if self._means and values.shape[1] != self._means[0].shape[0]:
            return
        self._size = len(values)
        self._means.append(values.mean(0))
        self._squares.append(values.square().mean(0))
        if len(self._means) >= BATCHES and (times := self._times()) > ALIKE:
            drifting = y.is_floating_point()  # targets that a model makes change with it, in any order
            yield Finding(
                fault="data_not_shuffled",
                severity=Severity.NOTE if drifting else Severity.WARNING,
                where="order of samples",
                evidence=f"the mean target of {len(self._means)} watched batches of {self._size} varies "
                f"{times:.3g} times as much as in batches drawn at random",
                remedy="shuffle the samples every epoch: DataLoader(..., shuffle=True)",
                numbers={"times": times, "threshold": ALIKE},
            )

    def _times(self) -> float:
        means = torch.stack(self._means)
        between = means.var(0).sum()
        whole = torch.stack(self._squares).mean(0) - means.mean(0).square()
        within = whole.sum() / self._size
        return float(between / within) if within > 0 else 0.0


def _values(y: Tensor) -> Tensor | None:
    """Return a row a sample: which class it is, or its numbers."""
    y = y.detach()
    if y.ndim == 0 or not y.numel() or y.is_complex():
        return None
    if y.is_floating_point():
        return y.reshape(len(y), -1).double() if y.isfinite().all() else None
    if y.ndim > 1 or int(y.min()) < 0 or int(y.max()) >= CLASSES:
        return None
    return torch.nn.functional.one_hot(y.long(), CLASSES).double()
