"""RBF units: each answers to inputs near its centre."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import ModelError
from thalweg.nn.arguments import count


@final
class RBF(nn.Module):
    """Radial basis functions: ``h_i(x) = exp(-|x - c_i|^2 / sigma_i^2)``, with centres and widths that are learnt.

    Centres start as draws from ``N(0, I)``, which suits standardized inputs, and widths at
    ``sqrt(2 in_features)``, the root mean square distance between such inputs and centres. Training samples, or
    the means of k-means, are better centres: copy them into ``centers``.

    Args:
        in_features: n, >= 1.
        out_features: Number of units, >= 1.

    Attributes:
        centers: Shape ``(out_features, in_features)``.
        log_sigma: Logarithms of the widths, shape ``(out_features,)``.
        gain: ``1 / sqrt(E h^2) = (1 + 4 / n)^(n / 4)`` for standardized inputs and the widths at the start.

    Raises:
        InputError: A number of features below 1.
        ModelError: In `forward`: features of another number.

    Example:
        >>> layer = RBF(2, 3)
        >>> layer(layer.centers).diagonal()
        tensor([1., 1., 1.], grad_fn=<DiagonalBackward0>)

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep Learning", section 6.3.3.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.in_features = count("in_features", in_features)
        self.out_features = count("out_features", out_features)
        self.centers = nn.Parameter(torch.empty(out_features, in_features))
        self.log_sigma = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the centres anew, and put the widths back."""
        nn.init.normal_(self.centers)
        nn.init.constant_(self.log_sigma, math.log(2 * self.in_features) / 2)

    @property
    def gain(self) -> float:
        """What weights that read the output are multiplied by."""
        return (1 + 4 / self.in_features) ** (self.in_features / 4)

    def forward(self, x: Tensor) -> Tensor:
        """Return the units: shape ``(..., in_features)`` to ``(..., out_features)``."""
        if isinstance(x, Tensor) and x.shape[-1:] != (self.in_features,):  # what traces a graph has no shapes
            raise ModelError(
                "The features do not fit the centres of the RBF units.",
                got=f"shape {tuple(x.shape)}",
                expected=f"shape (..., {self.in_features})",
            )
        middle = self.centers.detach().mean(0)  # a shift of both changes no distance, and keeps rounding small
        x, centers = x - middle, self.centers - middle
        squares = x.square().sum(-1, keepdim=True) + centers.square().sum(-1)
        distances = (squares - 2 * functional.linear(x, centers)).clamp(min=0)
        return torch.exp(-distances * torch.exp(-2 * self.log_sigma))

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return f"in_features={self.in_features}, out_features={self.out_features}"
