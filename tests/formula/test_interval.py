"""Intervals hold what they say, whatever is thrown at them."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputTypeError, OutOfRangeError
from thalweg.formula import Finite, Fraction, Interval, NonNegative, Positive
from thalweg.rules import options, rules

BOUNDS = st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)).map(sorted)


@given(bounds=BOUNDS, low_open=st.booleans(), high_open=st.booleans(), x=st.floats())
def test_check_returns_what_lies_inside_and_refuses_the_rest(
    bounds: list[float], low_open: bool, high_open: bool, x: float
) -> None:
    low, high = bounds
    interval = Interval(low, high, low_open, high_open)
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
        Interval(0, 1).check("rho", value)


@pytest.mark.parametrize(
    "value", [math.nan, 10**400, -(10**400), torch.tensor(math.nan)], ids=lambda x: type(x).__name__
)
def test_nan_and_numbers_beyond_all_floats_are_out_of_range(value: Any) -> None:
    with pytest.raises(OutOfRangeError, match="rho is out of its range"):
        Interval().check("rho", value)


def test_tensors_and_ints_are_numbers() -> None:
    assert Interval(0, 1).check("rho", torch.tensor(0.5)) == 0.5
    assert isinstance(Interval(0, 1).check("rho", 1), float)


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        (Finite, [-1e308, 0, 1], [math.inf, -math.inf, math.nan]),
        (NonNegative, [0, -0.0, 1e308], [-5e-324, math.inf, math.nan]),
        (Positive, [5e-324, math.inf], [0, -1, math.nan]),
        (Fraction, [0, 0.999], [1, -0.1, math.nan]),
    ],
)
def test_the_named_ranges(kind: Any, inside: list[float], outside: list[float]) -> None:
    interval = next(note for note in get_args(kind) if isinstance(note, Interval))
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)


def test_every_default_lies_in_its_range() -> None:
    declared = [hyper for name in rules for hyper in rules[name].hypers.values()]
    declared += [hyper for option in options for hyper in option.hypers.values()]
    assert [hyper.name for hyper in declared if hyper.default not in hyper.interval] == []
    assert [hyper.name for hyper in declared if hyper.interval == Interval()] == []
