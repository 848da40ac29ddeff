"""Noisy ReLU: a rectified unit that stands for many binary ones, with their noise."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.nn.gain import normal_mean


@final
class NoisyReLU(nn.Module):
    """Noisy ReLU: ``f(x) = max(0, x + e)`` with ``e ~ N(0, sigma(x))`` in training, ``max(0, x)`` otherwise.

    The logistic function ``sigma(x) = 1 / (1 + exp(-x))`` is the variance of the noise. Binary units that share
    their weights, with biases lowered by 0.5, 1.5, 2.5 ..., have in sum the mean ``log(1 + exp(x))`` and this
    variance. The gradient flows through the standard deviation too.

    Attributes:
        gain: ``1 / sqrt(E f(z)^2)`` over z and the noise of training, 1.129; without noise it would be sqrt(2).

    Example:
        >>> NoisyReLU().eval()(torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])

    Reference:
        Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann machines", section 2.
    """

    @property
    def gain(self) -> float:
        """What weights that read the output are multiplied by."""
        return normal_mean(_second_moment) ** -0.5

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), elementwise; one draw an element in training."""
        if self.training:
            x = x + _deviation(x) * torch.randn_like(x)
        return functional.relu(x)


def _deviation(x: Tensor) -> Tensor:
    return torch.exp(functional.logsigmoid(x) / 2)  # the root of a sigmoid that underflows has no gradient


def _second_moment(x: Tensor) -> Tensor:
    """Return ``E max(0, x + e)^2`` over the noise: that of a rectified normal variable."""
    s = _deviation(x)
    density = torch.exp(-(x / s).square() / 2) / math.sqrt(2 * math.pi)
    return (x.square() + s.square()) * torch.special.ndtr(x / s) + x * s * density
