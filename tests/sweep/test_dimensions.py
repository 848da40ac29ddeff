"""Every range is a map of [0, 1] onto its values and back, and what is no range is said to be none."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputError, InputTypeError
from thalweg.sweep.dimensions import (
    Choice,
    Dimension,
    Integers,
    Log,
    Uniform,
    choice,
    from_json,
    integers,
    log,
    uniform,
)

UNIT = st.floats(0, 1)
ENDS = st.tuples(st.floats(1e-9, 1e6), st.floats(1e-9, 1e6)).map(sorted).filter(lambda e: e[1] > 1.001 * e[0])
RANGES: st.SearchStrategy[Dimension] = st.one_of(
    ENDS.map(lambda ends: Log(*ends)),
    ENDS.map(lambda ends: Uniform(*ends)),
    st.tuples(st.integers(-50, 50), st.integers(1, 90)).map(lambda pair: Integers(pair[0], sum(pair))),
    st.lists(st.sampled_from(["adam", "sgd", 1, 2.5, None, "step"]), min_size=1, unique=True).map(
        lambda values: Choice(tuple(values))
    ),
)


@given(RANGES, UNIT)
def test_a_value_lies_inside_and_leads_back_to_itself(dimension: Dimension, u: float) -> None:
    value = dimension.value(u)
    place = dimension.coordinate(value)
    assert -1e-9 <= place <= 1 + 1e-9
    if isinstance(dimension, Choice | Integers):
        assert dimension.value(place) == value
    else:
        assert dimension.extremes[0] <= value <= dimension.extremes[1]
        assert place == pytest.approx(u, abs=1e-6)


@given(RANGES)
def test_the_ends_are_reached(dimension: Dimension) -> None:
    if dimension.is_ordered:
        assert (dimension.value(0), dimension.value(1)) == pytest.approx(dimension.extremes)
    else:
        n = len(dimension.extremes)
        assert {dimension.value((i + 0.5) / n) for i in range(n)} == set(dimension.extremes)


@given(RANGES)
def test_json_gives_the_same_range(dimension: Dimension) -> None:
    assert from_json(dimension.to_json()) == dimension


def test_log_is_uniform_in_the_logarithm() -> None:
    assert [math.log10(log(1e-4, 1).value(u)) for u in (0, 0.25, 0.5, 1)] == pytest.approx([-4, -3, -2, 0])


def test_integers_are_equally_likely() -> None:
    found = [integers(2, 5).value((i + 0.5) / 400) for i in range(400)]
    assert [found.count(value) for value in (2, 3, 4, 5)] == [100, 100, 100, 100]


@pytest.mark.parametrize("low", [0, -1, 0.0])
def test_a_log_range_through_zero_is_refused_with_a_way_out(low: float) -> None:
    with pytest.raises(InputError, match=r"goes through zero(?s:.)*start it above zero"):
        log(low, 1)


@pytest.mark.parametrize(
    ("make", "arguments", "error"),
    [
        (log, (1, 1), InputError),
        (log, (1, 0.1), InputError),
        (uniform, (1, 0), InputError),
        (uniform, (0, math.inf), InputError),
        (uniform, (math.nan, 1), InputError),
        (uniform, ("a", 1), InputTypeError),
        (integers, (1, 2.5), InputTypeError),
        (integers, (3, 3), InputError),
        (integers, (False, True), InputTypeError),
        (choice, (), InputError),
        (choice, ("a", "a"), InputError),
        (choice, (["a"],), InputTypeError),
    ],
)
def test_what_holds_no_values_is_refused(make: Any, arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        make(*arguments)
