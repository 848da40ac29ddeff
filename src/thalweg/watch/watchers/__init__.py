"""Watchers: each hears the watched updates of a loop and knows one kind of fault.

Faults that only a loop can have: ``clearing`` of gradients, ``stepping``, the ``mode`` of the model, the ``order``
of samples, the ``batch`` of the loss. Faults that show while it runs: ``shapes`` of the loss, ``reach`` of the
gradient, ``units`` that are dead or saturated, gradients by ``depth``, the learning ``rate``, numbers that are not
``finite``.
"""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.watch.watchers.batch import Batch
from thalweg.watch.watchers.clearing import Clearing
from thalweg.watch.watchers.depth import Depth
from thalweg.watch.watchers.finite import Finite
from thalweg.watch.watchers.mode import Mode
from thalweg.watch.watchers.order import Order
from thalweg.watch.watchers.rate import Rate
from thalweg.watch.watchers.reach import Reach
from thalweg.watch.watchers.shapes import Shapes
from thalweg.watch.watchers.stepping import Stepping
from thalweg.watch.watchers.units import Units
from thalweg.watch.watchers.watcher import Watcher

WATCHERS: Sequence[type[Watcher]] = (
    Finite,
    Clearing,
    Stepping,
    Mode,
    Order,
    Batch,
    Shapes,
    Reach,
    Units,
    Depth,
    Rate,
)
"""All of them, in the order in which they are asked."""


def watching(fault: str) -> list[str]:
    """Return how a fault is found in a loop: what each watcher that knows it does.

    Example:
        >>> watching("train_eval_mode")
        ['Sees updates with every dropout and batch normalization in evaluation mode.']
    """
    known = [watcher for watcher in WATCHERS if fault in watcher.faults]
    return [(watcher.__doc__ or "").partition("\n")[0] for watcher in known]


__all__ = ["WATCHERS", "Watcher", "watching"]
