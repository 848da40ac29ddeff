"""The plain nets of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

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
