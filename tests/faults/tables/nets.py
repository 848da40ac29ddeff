"""The net of most cases on tables, as people write it."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(*widths: int, between: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return a fully connected net with torch's own initialization and `between` between its layers."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [between(), nn.Linear(inputs, outputs)]
    return nn.Sequential(*layers[1:])
