"""Residual: a layer learns what to add to its input."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.nn.arguments import finite


@final
class Residual(nn.Module):
    """Residual block around any module: ``y = shortcut(x) + scale module(x)``.

    Args:
        module: The branch f.
        shortcut: What is done to the input where f changes its shape; ``None`` leaves it as it is.
        scale: Factor of the branch; below 1 for very deep nets.

    Attributes:
        gain: ``1 / sqrt(1 + scale^2)``, for a branch and a shortcut of second moment 1 that are uncorrelated.

    Raises:
        InputError: A scale that is no finite number.
        ModelError: In `forward`: branch and shortcut differ in shape.

    Example:
        >>> Residual(nn.ReLU())(torch.tensor([-1.0, 2.0]))
        tensor([-1.,  4.])

    Reference:
        He, Zhang, Ren & Sun 2016, "Deep residual learning for image recognition", equations 1 and 2.
    """

    def __init__(self, module: nn.Module, shortcut: nn.Module | None = None, scale: float = 1.0) -> None:
        super().__init__()
        self.module = module
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.scale = finite("scale", scale)

    @property
    def gain(self) -> float:
        """What weights that read the output are multiplied by."""
        return (1 + self.scale**2) ** -0.5

    def forward(self, x: Tensor) -> Tensor:
        """Return y."""
        skip, branch = self.shortcut(x), self.module(x)
        if isinstance(x, Tensor) and skip.shape != branch.shape:  # what traces a graph has no shapes
            raise ModelError(
                "The branch of a residual block cannot be added to its input.",
                got=f"shape {tuple(branch.shape)}, beside {tuple(skip.shape)}",
                expected="the same shape",
                remedy="give Residual a shortcut of the branch's form, such as nn.Linear or a 1x1 convolution",
            )
        return torch.add(skip, branch, alpha=self.scale)

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return f"scale={self.scale}"
