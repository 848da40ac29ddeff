"""Weston and Watkins: the hinge of every pair of the own class and another."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn import functional

from thalweg.nn.labels import own_scores
from thalweg.nn.loss import Loss


@final
class WestonWatkinsLoss(Loss):
    """Hinge loss of Weston and Watkins: ``sum over c != y of max(0, s_c - s_y + 1)``.

    The multi-class SVM loss of many lectures. Differs from ``torch.nn.MultiMarginLoss``, which divides it by the
    number of classes C.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: scores ``(b, C, ...)`` and labels ``(b, ...)`` that do not fit.
        DataError: In `forward`: labels outside the classes.

    Example:
        >>> import torch
        >>> WestonWatkinsLoss()(torch.tensor([[3.2, 5.1, -1.7]]), torch.tensor([0]))
        tensor(2.9000)

    Reference:
        Weston & Watkins 1999, "Support vector machines for multi-class pattern recognition".
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return _hinges(output, target).sum(1)


@final
class SquaredWestonWatkinsLoss(Loss):
    """Squared hinge loss of Weston and Watkins: ``sum over c != y of max(0, s_c - s_y + 1)^2``.

    It has a continuous derivative, and minds large violations more. Differs from
    ``torch.nn.MultiMarginLoss(p=2)``, which divides it by the number of classes C.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: scores ``(b, C, ...)`` and labels ``(b, ...)`` that do not fit.
        DataError: In `forward`: labels outside the classes.

    Example:
        >>> import torch
        >>> SquaredWestonWatkinsLoss()(torch.tensor([[3.0, 5.0, -1.5]]), torch.tensor([0]))
        tensor(9.)

    Reference:
        Weston & Watkins 1999; squared, as in Tang 2013, "Deep learning using linear support vector machines".
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return _hinges(output, target).square().sum(1)


def _hinges(scores: Tensor, labels: Tensor) -> Tensor:
    """Return ``max(0, s_c - s_y + 1)``, 0 at c = y."""
    index, own = own_scores(scores, labels)
    return functional.relu(scores - own + 1).scatter(1, index, 0.0)
