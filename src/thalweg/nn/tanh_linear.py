"""Tanh with a linear term: no flat spots."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from thalweg.nn.arguments import finite
from thalweg.nn.gain import gain


@final
class TanhLinear(nn.Module):
    """Tanh with a linear term: ``f(x) = tanh(x) + slope x``.

    The derivative is at least `slope`, so that a saturated unit still learns.

    Args:
        slope: a, small; the source names no value, 0.1 is ours.

    Attributes:
        gain: ``1 / sqrt(E f(z)^2)``, 1.368 for a slope of 0.1; see `gain`.

    Raises:
        InputError: A slope that is no finite number.

    Example:
        >>> TanhLinear(0.5)(torch.tensor([0.0, 100.0]))
        tensor([ 0., 51.])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.4.
    """

    def __init__(self, slope: float = 0.1) -> None:
        super().__init__()
        self.slope = finite("slope", slope)

    @property
    def gain(self) -> float:
        """What weights that read the output are multiplied by."""
        return gain(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), elementwise."""
        return torch.tanh(x) + self.slope * x

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return f"slope={self.slope}"
