from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.schedules import exponential


@given(st.floats(0, 1e4), st.floats(1e-3, 10))
def test_closed_form(t: float, k: float) -> None:
    assert exponential(t, k=k) == math.exp(-k * t)


@given(st.floats(0, 100), st.floats(1e-2, 1))
def test_it_halves_every_half_life(t: float, k: float) -> None:
    assert exponential(t + math.log(2) / k, k=k) == pytest.approx(exponential(t, k=k) / 2)
