"""Distances between output and target: losses of regression."""

from __future__ import annotations

from typing import final

from torch import Tensor

from thalweg.nn.loss import Loss, per_sample, same_shape


@final
class HalfSquaredDistanceLoss(Loss):
    """Half of the squared Euclidean distance: ``1/2 |f - y|^2``, whose gradient is ``f - y``.

    Differs from ``torch.nn.MSELoss``, which divides by the number of outputs, and lacks the half.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: outputs and targets, each ``(b, ...)``, that differ in shape.

    Example:
        >>> import torch
        >>> HalfSquaredDistanceLoss()(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2))
        tensor(12.5000)

    Reference:
        Bishop 2006, "Pattern Recognition and Machine Learning", equation 5.11.
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return squared_distance(self, output, target) / 2


@final
class L1DistanceLoss(Loss):
    """Sum of absolute differences: ``|f - y|_1``, which outliers sway less.

    Differs from ``torch.nn.L1Loss``, which divides by the number of outputs.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: outputs and targets, each ``(b, ...)``, that differ in shape.

    Example:
        >>> import torch
        >>> L1DistanceLoss()(torch.tensor([[3.0, -4.0]]), torch.zeros(1, 2))
        tensor(7.)

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep Learning", equation 6.16.
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        same_shape(self, output, target)
        return per_sample((output - target).abs())


def squared_distance(loss: Loss, output: Tensor, target: Tensor) -> Tensor:
    """Return ``|f - y|^2`` of each sample.

    Raises:
        ModelError: Outputs and targets differ in shape.
    """
    same_shape(loss, output, target)
    return per_sample((output - target).square())
