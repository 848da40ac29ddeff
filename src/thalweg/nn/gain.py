"""Gain: how much larger weights must be because an activation shrinks its signal."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from thalweg.core.errors import InputError

REACH, STEP = 12.0, 1 / 16
"""Of the trapezoidal rule, which converges geometrically on analytic functions; the rest weighs below 1e-30."""


def gain(activation: Callable[[Tensor], Tensor]) -> float:
    """Return ``g = 1 / sqrt(E f(z)^2)`` with ``z ~ N(0, 1)`` for an elementwise activation f.

    A layer that reads f(z) and whose weights have variance ``g^2 / fan_in`` gives again a signal of second
    moment 1. Differs from ``torch.nn.init.calculate_gain``, whose 5/3 for tanh is a rule of thumb.

    Args:
        activation: f, a function of a tensor of float64; smooth, or the last digits are lost.

    Returns:
        g > 0.

    Raises:
        InputError: A function that is not finite, or 0, on all of the line.

    Example:
        >>> round(gain(torch.tanh), 4), round(gain(torch.relu) ** 2, 4)
        (1.5925, 2.0)

    Reference:
        The second moment of He et al. 2015, "Delving Deep into Rectifiers", equations 7 to 10, for any f.
    """
    second = normal_mean(lambda z: activation(z).square())
    if not 0 < second < math.inf:
        raise InputError(
            "This function has no gain.",
            got=f"E f(z)^2 = {second:g}",
            expected="a finite number > 0: a function that is defined everywhere, and not 0 everywhere",
        )
    return second**-0.5


def normal_mean(function: Callable[[Tensor], Tensor]) -> float:
    """Return ``E function(z)`` with ``z ~ N(0, 1)``.

    Example:
        >>> round(normal_mean(lambda z: z**4), 12)
        3.0
    """
    points = round(2 * REACH / STEP) + 1
    z = torch.linspace(-REACH, REACH, points, dtype=torch.float64, device="cpu")
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return float((density * function(z)).sum() * STEP)
