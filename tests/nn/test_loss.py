from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from thalweg.nn import RBFLoss


def test_convex_but_for_the_rbf_loss(subject: Callable[..., Any], any_loss: type[Any]) -> None:
    """In scores, which are linear in features: on segments between those at most the chord.

    The RBF loss lies above it where it saturates.
    """
    net = subject(reduction="none")
    ends = 3 * torch.randn(2, 300, 8, 6, dtype=torch.float64)
    above = 0
    with torch.no_grad():
        for left, right in zip(*ends, strict=True):
            chord = (net(left) + net(right)) / 2
            above += int((net((left + right) / 2) > chord + 1e-12).sum())
    assert (above > 0) == (any_loss is RBFLoss)
