"""Crammer and Singer: the hinge of the own class and its strongest rival."""

from __future__ import annotations

import math
from typing import final

from torch import Tensor
from torch.nn import functional

from thalweg.nn.labels import own_scores
from thalweg.nn.loss import Loss


@final
class CrammerSingerLoss(Loss):
    """Hinge loss of Crammer and Singer: ``max(0, 1 + max over c != y of s_c - s_y)``.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: scores ``(b, C, ...)`` and labels ``(b, ...)`` that do not fit.
        DataError: In `forward`: labels outside the classes.

    Example:
        >>> import torch
        >>> CrammerSingerLoss()(torch.tensor([[3.0, 5.0, 2.5]]), torch.tensor([0]))
        tensor(3.)

    Reference:
        Crammer & Singer 2001, "On the algorithmic implementation of multiclass kernel-based vector machines".
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        index, own = own_scores(output, target)
        rival = output.scatter(1, index, -math.inf).amax(1)
        return functional.relu(1 + rival - own.squeeze(1))
