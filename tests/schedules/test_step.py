from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from thalweg.core.errors import OutOfRangeError
from thalweg.schedules import bind, step


@given(st.integers(1, 1000), st.integers(1, 12), st.integers(1, 6), st.sampled_from([2, 10, 1.5]))
@example(steps_per_epoch=49, every=1, drops=1, divide=10)
def test_it_drops_at_the_very_first_update_of_the_epoch(
    steps_per_epoch: int, every: int, drops: int, divide: float
) -> None:
    update = steps_per_epoch * every * drops
    assert step(update / steps_per_epoch, every=every, divide=divide) == divide**-drops
    assert step((update - 1) / steps_per_epoch, every=every, divide=divide) == float(divide) ** (1 - drops)


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 12_000))
@example(steps_per_epoch=10, tenths=1, update=3)  # 0.3 / 0.1 is less than 3
def test_it_drops_on_time_within_epochs_too(steps_per_epoch: int, tenths: int, update: int) -> None:
    """Against exact arithmetic, for `every` in tenths of an epoch."""
    drops = Fraction(update, steps_per_epoch) // Fraction(tenths, 10)
    assert step(update / steps_per_epoch, every=tenths / 10, divide=2) == 2.0**-drops


@pytest.mark.parametrize(("t", "factor"), [(0, 1), (4.999, 1), (5, 0.1), (9.99, 0.1), (10, 0.01)])
def test_defaults(t: float, factor: float) -> None:
    assert step(t) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("t", "every", "divide", "factor"),
    [(1e4, 1, 10, 0), (1e300, 1e-300, 2, 0), (1.0, 5e-324, 1.5, 0), (0.0, 5e-324, 2, 1), (1e300, 1e-300, 1, 1)],
)
def test_it_ends_at_zero_without_an_error(t: float, every: float, divide: float, factor: float) -> None:
    assert bind("step", {"every": every, "divide": divide})(t) == factor


@pytest.mark.parametrize("divide", [0.5, 1 - 1e-9, 0, -2])
def test_a_divisor_does_not_raise_the_rate(divide: float) -> None:
    with pytest.raises(OutOfRangeError, match=r"divide of the schedule step[\s\S]*a number >= 1"):
        bind("step", {"divide": divide})
