"""The named ranges hold what they say, and every declared default."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest

from thalweg.formula import Bounds, Finite, Fraction, NonNegative, Positive
from thalweg.rules import options, rules


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
    interval = next(note for note in get_args(kind) if isinstance(note, Bounds))
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)


def test_every_default_lies_in_its_range() -> None:
    declared = [hyper for name in rules for hyper in rules[name].hypers.values()]
    declared += [hyper for option in options for hyper in option.hypers.values()]
    assert [hyper.name for hyper in declared if hyper.default not in hyper.interval] == []
    assert [hyper.name for hyper in declared if hyper.interval == Bounds()] == []
