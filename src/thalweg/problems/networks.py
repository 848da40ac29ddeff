"""The plain nets of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError
from thalweg.init.he import he_


def mlp(widths: Sequence[int]) -> nn.Sequential:
    """Return a fully connected net with ReLU between its layers and He initialization.

    Weights are drawn from torch's global generator, as in any factory of a user's own.

    Args:
        widths: Inputs, hidden units of each layer, outputs; two widths make a linear (logistic) model.

    Returns:
        A net from ``(b, ...)``, flattened to ``(b, widths[0])``, to ``(b, widths[-1])``.

    Raises:
        InputError: Fewer than two widths, or one below 1.

    Example:
        >>> [type(layer).__name__ for layer in mlp([64, 32, 10])]
        ['Flatten', 'Linear', 'ReLU', 'Linear']
    """
    if len(widths) < 2 or min(widths) < 1:
        raise InputError(
            "These widths make no network.", got=list(widths), expected="at least inputs and outputs, each >= 1"
        )
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.ReLU(), nn.Linear(inputs, outputs)]
    return he_(nn.Sequential(nn.Flatten(), *layers[1:]))


@final
class Point(nn.Module):
    """A model that is nothing but its parameters: a point of a surface, whatever the input.

    Args:
        start: Where every fresh point is.

    Example:
        >>> Point((-1.2, 1.0))(torch.zeros(2, 1)).tolist()
        [[-1.2..., 1.0], [-1.2..., 1.0]]
    """

    def __init__(self, start: Sequence[float]) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(start, dtype=torch.get_default_dtype()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the point once a sample of `x`, shape ``(b, dim)``."""
        return self.theta.expand(len(x), -1)
