from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.schedules import linear, polynomial


@given(st.floats(0, 100), st.floats(0, 10), st.floats(1e-3, 100))
def test_with_power_one_it_is_linear(t: float, end: float, over: float) -> None:
    assert polynomial(t, power=1, end=end, over=over) == pytest.approx(linear(t, end=end, over=over), rel=1e-9)


def test_it_is_torchs() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=20, power=0.9)
    for n in range(30):
        assert polynomial(n, power=0.9, total=20) == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimizer.step()
        theirs.step()
