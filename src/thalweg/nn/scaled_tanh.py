"""Scaled tanh: the sigmoid of LeCun's nets."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from thalweg.nn.gain import gain


@final
class ScaledTanh(nn.Module):
    """Scaled tanh: ``f(x) = 1.7159 tanh(2 x / 3)``.

    So ``f(1) = 1`` and ``f(-1) = -1``, the curvature is largest about there, and a signal of variance 1 keeps
    about that variance. Targets of +1 and -1 lie where the unit is not yet saturated.

    Attributes:
        gain: ``1 / sqrt(E f(z)^2)``, 1.193; see `gain`.

    Example:
        >>> ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])).round(decimals=4)
        tensor([-1.,  0.,  1.])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.4.
    """

    amplitude, slope = 1.7159, 2 / 3

    @property
    def gain(self) -> float:
        """What weights that read the output are multiplied by."""
        return gain(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), elementwise."""
        return self.amplitude * torch.tanh(self.slope * x)
