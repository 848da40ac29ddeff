from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg.core.errors import InputError
from thalweg.nn import TanhLinear


@pytest.mark.parametrize("slope", [0.0, 0.1, 1, -2.5])
def test_formula(slope: float) -> None:
    x = np.linspace(-50, 50, 101)
    assert TanhLinear(slope)(torch.from_numpy(x)).numpy() == pytest.approx(np.tanh(x) + slope * x, rel=1e-14)


def test_a_saturated_unit_learns() -> None:
    x = torch.tensor(1e3, requires_grad=True)
    TanhLinear(0.1)(x).backward()
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(0.1)


@pytest.mark.parametrize("slope", [float("nan"), float("inf"), "0.1", None])
def test_no_slope(slope: float) -> None:
    with pytest.raises(InputError, match="slope is unusable"):
        TanhLinear(slope)
