from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thalweg.schedules import constant


@given(st.floats(0, 1e6))
def test_the_factor_is_one(t: float) -> None:
    assert constant(t) == 1.0
