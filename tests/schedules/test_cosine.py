from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from thalweg.core.errors import InputError
from thalweg.schedules import bind, cosine


@given(st.floats(0, 200), st.floats(0, 5))
def test_closed_form_without_restarts(t: float, end: float) -> None:
    expected = end + (1 - end) * (1 + math.cos(math.pi * min(t, 100) / 100)) / 2
    assert cosine(t, end=end, total=100) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_it_is_torchs() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=2, eta_min=0.1)
    factor = bind("cosine", {"period": 3, "grow": 2, "end": 0.1})
    for n in range(200):
        theirs.step(n / 7)
        assert factor(n / 7) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)


@given(st.integers(1, 400), st.integers(1, 30), st.sampled_from([1, 2, 3]), st.integers(0, 5))
@example(steps_per_epoch=10, tenths=3, grow=1, cycle=1)
def test_the_rate_is_warm_at_the_very_update_of_a_restart(
    steps_per_epoch: int, tenths: int, grow: int, cycle: int
) -> None:
    """Against exact arithmetic, for a period of `tenths` tenths of an epoch."""
    start = Fraction(tenths, 10) * sum(grow**i for i in range(cycle))
    update = math.ceil(start * steps_per_epoch)
    s = (Fraction(update, steps_per_epoch) - start) / (Fraction(tenths, 10) * grow**cycle)
    if s < 1:
        expected = (1 + math.cos(math.pi * s)) / 2
        assert cosine(update / steps_per_epoch, period=tenths / 10, grow=grow) == pytest.approx(expected, abs=1e-9)


def test_extreme_options_stay_finite() -> None:
    for grow in (1, 1 + 1e-15, 1e300):
        for period in (5e-324, 1e300):
            assert 0 <= cosine(3.0, period=period, grow=grow) <= 1


def test_without_an_end_it_asks_for_options_that_it_has() -> None:
    with pytest.raises(InputError, match="give period, in epochs"):
        cosine(1.0)
