from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from thalweg.core.errors import InputError
from thalweg.nn import HalfSquaredDistanceLoss, RBFLoss

f = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
y = torch.zeros(6, 3, dtype=torch.float64)


def test_formula() -> None:
    squares = (f - y).square().sum(1).numpy()
    expected = 3 * (1 - np.exp(-0.7 * squares))
    assert RBFLoss(3, 0.7, reduction="none")(f, y).numpy() == pytest.approx(expected)


def test_near_the_target_it_is_the_squared_distance() -> None:
    """To the last digits: one minus an exponential would have lost them."""
    near = 1e-9 * f
    expected = 2 * 3 * 0.7 * HalfSquaredDistanceLoss()(near, y)
    assert RBFLoss(3, 0.7)(near, y).item() == pytest.approx(expected.item(), rel=1e-12)


def test_zero_error_is_the_minimum_and_u_the_bound() -> None:
    """The lecture's form would be largest at zero error."""
    assert RBFLoss(2)(y, y) == 0
    assert RBFLoss(2)(1e3 * f, y).item() == 2
    closer = [RBFLoss(2)(scale * f, y).item() for scale in (0.1, 0.3, 1.0, 2.0)]
    assert closer == sorted(closer)
    assert closer[0] > 0


@pytest.mark.parametrize(("u", "beta"), [(0, 1), (1, 0), (-1, 1), (1, math.nan), (math.inf, 1)])
def test_no_parameters(u: float, beta: float) -> None:
    with pytest.raises(InputError, match="is unusable"):
        RBFLoss(u, beta)
