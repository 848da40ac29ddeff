"""Intervals hold what they say, whatever is thrown at them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.bounds import Bounds
from thalweg.core.errors import InputTypeError, OutOfRangeError

BOUNDS = st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)).map(sorted)


@given(bounds=BOUNDS, low_open=st.booleans(), high_open=st.booleans(), x=st.floats())
def test_check_returns_what_lies_inside_and_refuses_the_rest(
    bounds: list[float], low_open: bool, high_open: bool, x: float
) -> None:
    low, high = bounds
    interval = Bounds(low, high, low_open, high_open)
    inside = low <= x <= high and not (low_open and x == low) and not (high_open and x == high)
    assert (x in interval) == inside
    if inside:
        assert interval.check("x", x) == x
    else:
        with pytest.raises(OutOfRangeError) as caught:
            interval.check("x", x)
        assert repr(interval) in str(caught.value)


@pytest.mark.parametrize("value", ["0.5", "fast", None, [0.5], 1j, torch.ones(2), object()])
def test_no_number_is_a_type_error_that_names_it(value: Any) -> None:
    with pytest.raises(InputTypeError, match="rho is no number"):
        Bounds(0, 1).check("rho", value)


@pytest.mark.parametrize(
    "value", [math.nan, 10**400, -(10**400), torch.tensor(math.nan)], ids=lambda x: type(x).__name__
)
def test_nan_and_numbers_beyond_all_floats_are_out_of_range(value: Any) -> None:
    with pytest.raises(OutOfRangeError, match="rho is out of its range"):
        Bounds().check("rho", value)


def test_tensors_and_ints_are_numbers() -> None:
    assert Bounds(0, 1).check("rho", torch.tensor(0.5)) == 0.5
    assert isinstance(Bounds(0, 1).check("rho", 1), float)
