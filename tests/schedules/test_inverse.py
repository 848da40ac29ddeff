from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.schedules import inverse


@given(st.floats(0, 1e6), st.floats(1e-3, 10))
def test_closed_form(t: float, k: float) -> None:
    assert inverse(t, k=k) == pytest.approx(1 / (1 + k * t), rel=1e-15)
    assert inverse(1 / k, k=k) == pytest.approx(0.5)
