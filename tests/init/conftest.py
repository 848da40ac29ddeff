"""What the tests of initializers share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def seeded() -> Callable[..., torch.Generator]:
    """Make a generator from a seed."""
    return _seeded


@pytest.fixture
def tower() -> Callable[..., nn.Sequential]:
    """Make a stack of square layers without bias, each with a non-linearity."""

    def make(width: int, depth: int, unit: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
        sizes = pairwise([width] * (depth + 1))
        return nn.Sequential(*[m for a, b in sizes for m in (nn.Linear(a, b, bias=False), unit())])

    return make
