from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import OutOfRangeError
from thalweg.schedules import bind, linear


@given(st.floats(0, 100), st.floats(0, 100), st.floats(1e-3, 100))
def test_it_is_a_straight_line_that_ends(t: float, end: float, over: float) -> None:
    expected = 1 + (end - 1) * t / over if t < over else end
    assert linear(t, end=end, over=over) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(st.floats(0, 1e300), st.floats(1e-3, 1e3), st.floats(0, 1e3))
def test_both_ends_are_exact(end: float, over: float, later: float) -> None:
    assert linear(0, end=end, over=over) == 1
    assert linear(over + later, end=end, over=over) == end


@pytest.mark.parametrize("options", [{}, {"over": 4}])
def test_it_lasts_as_long_as_the_run_unless_it_is_told(options: dict[str, float]) -> None:
    factor = bind("linear", options, total=8)
    assert [factor(t) for t in (2, 4, 6, 8)] == ([0.75, 0.5, 0.25, 0] if not options else [0.5, 0, 0, 0])


@pytest.mark.parametrize("end", [-1, -1e-9, math.nan, math.inf])
def test_the_end_is_zero_or_more(end: float) -> None:
    with pytest.raises(OutOfRangeError, match=r"end of the schedule linear[\s\S]*a number >= 0"):
        bind("linear", {"end": end}, total=1)
    assert bind("linear", {"end": 0}, total=1)(1) == 0
