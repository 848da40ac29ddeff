"""Maxout: the largest of several linear pieces."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.nn.arguments import count
from thalweg.nn.gain import normal_mean


@final
class Maxout(nn.Module):
    """Maxout: ``h_i = max_j z_ij`` over the k pieces of each unit, j = 1 ... k.

    The pieces come from the layer before, ``nn.Linear(n, m * k)`` or a convolution, and those of a unit lie side
    by side: of ``m k`` features, ``k i`` to ``k i + k - 1`` make unit i.

    Args:
        pieces: k, >= 1.
        dim: The dimension of the features; -3 for images.

    Attributes:
        gain: ``1 / sqrt(E max(z_1 ... z_k)^2)`` for independent ``z_j ~ N(0, 1)``: 1 for two pieces.

    Raises:
        InputError: A number of pieces below 1.
        ModelError: In `forward`: features that are no multiple of the pieces.

    Example:
        >>> Maxout(2)(torch.tensor([[1.0, 3.0, -2.0, -4.0]]))
        tensor([[ 3., -2.]])

    Reference:
        Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, "Maxout networks", section 3.
    """

    def __init__(self, pieces: int, dim: int = -1) -> None:
        super().__init__()
        self.pieces, self.dim = count("pieces", pieces), dim

    @property
    def gain(self) -> float:
        """What weights that read the output are multiplied by."""
        k = self.pieces
        return normal_mean(lambda z: k * torch.special.ndtr(z) ** (k - 1) * z.square()) ** -0.5

    def forward(self, x: Tensor) -> Tensor:
        """Return the units: shape ``(..., m k, ...)`` to ``(..., m, ...)``."""
        if isinstance(x, Tensor) and x.shape[self.dim] % self.pieces:  # what traces a graph has no shapes
            raise ModelError(
                "The features cannot be shared out among the units of Maxout.",
                got=f"shape {tuple(x.shape)}: {x.shape[self.dim]} features in dimension {self.dim}",
                expected=f"a multiple of the {self.pieces} pieces",
                remedy="give the layer before it pieces times as many outputs as there are units",
            )
        over = self.dim if self.dim < 0 else self.dim + 1
        return x.unflatten(self.dim, (-1, self.pieces)).amax(over)

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return f"pieces={self.pieces}, dim={self.dim}"
