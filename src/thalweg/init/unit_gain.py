"""The gain that weights before a non-linearity need, so that a signal of unit second moment stays one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError

REACH, POINTS = 12.0, 2**12
LARGEST = 16.0
"""The largest gain that is tried: what needs more is flat, or nearly so."""
ROUNDING = 1e-12


@torch.no_grad()
def unit_gain(function: nn.Module | Callable[[Tensor], Any]) -> float:
    """Return the g with ``E[f(g z)^2] = 1`` for z ~ N(0, 1), else ``E[f(z)^2]^(-1/2)``.

    With weights of variance ``g^2 / fan_in`` before f, inputs of second moment 1 give outputs of second moment 1;
    of a homogeneous f (ReLU) any second moment stays what it is. A function with no such g, such as a bounded one,
    gets the gain that the weights behind it would need.

    Args:
        function: An elementwise function or module f.

    Raises:
        ModelError: It is 0 or not finite for numbers around 0.

    Example:
        >>> round(unit_gain(nn.ReLU()) ** 2, 9), round(unit_gain(nn.LeakyReLU(0.5)) ** 2, 9)
        (2.0, 1.6)
        >>> round(unit_gain(nn.SELU()), 6), round(unit_gain(nn.Hardtanh()), 3)
        (1.0, 1.392)

    Reference:
        K. He et al. 2015, eq. 10 and 15, for ReLU and its leaky form; G. Klambauer et al. 2017 for SELU. Not
        `torch.nn.init.calculate_gain`, a fixed list that has 3/4 for SELU.
    """
    at_one = _moment(function, 1.0)
    if not (math.isfinite(at_one) and at_one > 0):
        raise ModelError(
            "A non-linearity has no gain.",
            got=f"E[f(z)^2] = {at_one:g} for standard normal z, f = {function}",
            remedy="give its module a number as the attribute gain",
        )
    behind, low, high = at_one**-0.5, 0.0, LARGEST
    homogeneous = abs(_moment(function, behind) - 1) < ROUNDING
    if homogeneous or not _moment(function, low) < 1 < _moment(function, high):
        return behind
    while high - low > ROUNDING:
        middle = (low + high) / 2
        low, high = (middle, high) if _moment(function, middle) < 1 else (low, middle)
    return high


def _moment(function: nn.Module | Callable[[Tensor], Any], gain: float) -> float:
    """Return ``E[f(g z)^2]`` by the trapezoidal rule."""
    z, weights = _rule()
    values = _values(function, gain * z).double().cpu()
    return (values.square().reshape(POINTS, -1).mean(1) @ weights).item()


@cache
def _rule() -> tuple[Tensor, Tensor]:
    """Return the points and weights of the trapezoidal rule for the mean over a standard normal number."""
    z = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64, device="cpu")
    return z, torch.exp(-z * z / 2) * (2 * REACH / (POINTS - 1) / math.sqrt(2 * math.pi))


def _values(function: nn.Module | Callable[[Tensor], Any], z: Tensor) -> Tensor:
    """Return the function's values, those of a module in evaluation mode: the mean of what is random."""
    if not isinstance(function, nn.Module):
        return function(z)
    own = next(function.parameters(), None)
    shaped = z if own is None else z.to(own)[:, None].repeat(1, getattr(function, "num_parameters", 1))
    training = function.training
    try:
        return function.eval()(shaped)
    finally:
        function.train(training)
