"""Rescaled: a net that learns targets of another scale, while outputs keep their units."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.looks.reading import Loss, value
from thalweg.check.setup import Setup


def in_units(loss: Loss, mean: float, spread: float, words: str) -> tuple[str, Callable[[Setup], Setup]] | None:
    """Return the change that has a net learn ``(y - mean) / spread`` in place of y; None for a loss of no known
    order.

    Outputs are ``mean + spread * net(x)``, so metrics stay in their units, while the loss is that of such targets.

    Args:
        loss: The problem's.
        mean: What is taken off the targets.
        spread: What they are divided by, > 0.
        words: What the change is called.
    """
    power = order_of(loss, mean, spread)
    return (words, _Rescaled(mean, spread, power)) if power else None


def order_of(loss: Loss, mean: float, spread: float) -> int:
    """Return the power of the error with which a loss grows: 2 for a squared one, 1 for an absolute one; 0 if
    another.

    Example:
        >>> [order_of(loss, 5.0, 2.0) for loss in (nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss())]
        [2, 1, 1]
    """
    y = mean + spread * torch.linspace(-1, 1, 8)[:, None]
    once, twice = (value(loss, y + step * (spread + 1), y) for step in (1e3, 2e3))
    ratio = twice / once if once else math.nan
    return next((power for power in (1, 2) if abs(ratio - 2**power) < 0.1), 0)


class _Rescaled:
    def __init__(self, mean: float, spread: float, power: int) -> None:
        self.mean, self.spread, self.power = mean, spread, power

    def __call__(self, setup: Setup) -> Setup:
        eased = _Eased(setup.problem.loss, self.spread**-self.power)
        return setup.with_problem(loss=eased).replace(mended=(*setup.mended, self.in_units))

    def in_units(self, model: nn.Module, optimizer: Optimizer) -> None:
        """Have the model give outputs in units."""
        model.register_forward_hook(lambda _, __, output: self.mean + self.spread * output)


class _Eased:
    """A multiple of a loss."""

    def __init__(self, loss: Loss, by: float) -> None:
        self.loss, self.by = loss, by

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return self.by * self.loss(output, target)
