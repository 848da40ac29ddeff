"""Along: slope and curvature of a loss along one step, and whether the step is too long for them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from thalweg.curvature.products import gradient, product


@dataclass(frozen=True)
class Along:
    """The loss along a step d, to second order: ``L(p + d) = L(p) + g.d + d.H d / 2``.

    Attributes:
        slope: ``g.d``; below 0 the step goes downhill.
        curvature: ``d.H d``.
        length: ``|d|^2``.

    Example:
        >>> step = Along(slope=-4.0, curvature=6.0, length=2.0)
        >>> step.sharpness, step.limit, step.overshoot
        (3.0, 4.0, 1.5)

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep Learning", equations 4.8 to 4.10; LeCun, Simard & Pearlmutter
        1993, "Automatic learning rate maximization by on-line estimation of the Hessian's eigenvectors"; Cohen et
        al. 2021, "Gradient descent on neural networks typically occurs at the edge of stability".
    """

    slope: float
    curvature: float
    length: float

    @property
    def sharpness(self) -> float:
        """The curvature in the direction of the step, ``d.H d / |d|^2``: at most the largest eigenvalue of H.

        NaN for a step of no length.
        """
        return _ratio(self.curvature, self.length)

    @property
    def limit(self) -> float:
        """The sharpness at which the step ends as high as it began: ``-2 g.d / |d|^2``.

        For gradient descent, ``d = -lr g``, it is ``2 / lr``. Below 0 for a step uphill, NaN for one of no length.
        """
        return _ratio(-2 * self.slope, self.length)

    @property
    def overshoot(self) -> float:
        """The step downhill in units of the best one along it, ``d.H d / -(g.d)``.

        At 1 it ends at the bottom of the parabola, at 2 as high as it began, and above that the loss rises; it is
        twice the sharpness over the limit. Only downhill does it mean this; NaN where the slope is 0.
        """
        return _ratio(self.curvature, -self.slope)


def along(value: Tensor, parameters: Iterable[Tensor], step: Iterable[Tensor]) -> Along:
    """Return slope and curvature of `value` along a step, by one gradient and one Hessian-vector product.

    The sums over parameters are in float64. Every ``.grad`` and the graph of `value` stay as they are.

    Args:
        value: A single real number with its graph, such as the loss of a batch, before the step is taken.
        parameters: Real tensors that require a gradient.
        step: d, what is about to be added to them: a tensor a parameter, of its shape.

    Raises:
        InputError: As in `hessian_vector`.
        InputTypeError: As in `hessian_vector`.

    Example:
        >>> p = torch.tensor([1.0, 1.0], requires_grad=True)
        >>> loss = (torch.tensor([1.0, 10.0]) * p**2).sum() / 2
        >>> along(loss, [p], [torch.tensor([0.0, -0.25])])  # the steep parameter, by gradient descent at 1/40
        Along(slope=-2.5, curvature=0.625, length=0.0625)
    """
    params, d = list(parameters), list(step)
    g = gradient(value, params)
    rows = [_dots(*parts) for parts in zip(g, product(g, params, d), d, strict=True)]
    slope, curvature, length = map(math.fsum, zip(*rows, strict=True))
    return Along(slope, curvature, length)


@torch.no_grad()
def _dots(g: Tensor, product: Tensor, d: Tensor) -> list[float]:
    """``g.d``, ``d.H d`` and ``|d|^2`` of one parameter, brought from its device at once."""
    d = d.double()
    return torch.stack([(g * d).sum(), (product * d).sum(), d.square().sum()]).tolist()


def _ratio(over: float, under: float) -> float:
    return over / under if under else math.nan
