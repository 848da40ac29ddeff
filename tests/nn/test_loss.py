from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from thalweg.nn import RBFLoss


def test_convex_but_for_the_rbf_loss(subject: Callable[..., Any], any_loss: type[Any]) -> None:
    """On segments between outputs: at most the chord. The RBF loss lies above it where it saturates."""
    net = subject(reduction="none")
    if not isinstance(net.head, torch.nn.Linear):
        pytest.skip("scores a distribution")
    ends = 3 * torch.randn(2, 500, *net.head(torch.zeros(8, 6).double()).shape, dtype=torch.float64)
    above = 0
    for left, right in zip(*ends, strict=True):
        a, b, middle = (net.block(output, net.target) for output in (left, right, (left + right) / 2))
        above += int((middle > (a + b) / 2 + 1e-12).sum())
    assert (above > 0) == (any_loss is RBFLoss)
