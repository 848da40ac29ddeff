"""RBF loss: a distance beyond which an outlier costs no more."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from thalweg.nn.arguments import finite
from thalweg.nn.distance import squared_distance
from thalweg.nn.loss import Loss, Reduction


@final
class RBFLoss(Loss):
    """Radial basis function of the distance, turned over: ``u (1 - exp(-beta |f - y|^2))``.

    Near the target it is ``2 u beta`` times the half squared distance; far from it, it is u and its gradient
    vanishes. It is not convex. The form ``u exp(-beta d^2)``, found in lectures, is largest at zero error, so
    that minimizing it would drive outputs away from the targets; this is u minus that.

    Args:
        u: The loss of an outlier, > 0.
        beta: Steepness, > 0: at the distance ``1 / sqrt(beta)`` the loss is 63 % of u.
        reduction: See `Loss`.

    Raises:
        InputError: u or beta that is no finite number > 0.
        ModelError: In `forward`: outputs and targets, each ``(b, ...)``, that differ in shape.

    Example:
        >>> RBFLoss(u=2.0)(torch.tensor([[0.0], [100.0]]), torch.zeros(2, 1))
        tensor(1.)

    Reference:
        Dennis & Welsch 1978, "Techniques for nonlinear least squares and robust regression": Welsch's function.
    """

    def __init__(self, u: float = 1.0, beta: float = 1.0, *, reduction: Reduction = "mean") -> None:
        super().__init__(reduction=reduction)
        self.u, self.beta = finite("u", u, positive=True), finite("beta", beta, positive=True)

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return -self.u * torch.expm1(-self.beta * squared_distance(self, output, target))

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return f"u={self.u}, beta={self.beta}, {super().extra_repr()}"
