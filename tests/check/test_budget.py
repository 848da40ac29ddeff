"""Budget: text becomes seconds or is refused, and an inner limit never lengthens the outer one."""

from __future__ import annotations

import math

import pytest

from thalweg.check.budget import OutOfTime, go_on, left, seconds, within
from thalweg.core.errors import InputError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, 1.0),
        (0.25, 0.25),
        ("60", 60.0),
        ("60s", 60.0),
        (" 1.5 MIN ", 90.0),
        ("2m", 120.0),
        ("0.5h", 1800.0),
        ("5 sec", 5.0),
        (1e-7, 1e-7),
        (1e16, 1e16),
        ("1e3s", 1000.0),
    ],
)
def test_a_time(given, expected):
    assert seconds(given) == expected


@pytest.mark.parametrize(
    "given", [0, -1, "0s", "-5s", "", "s", "soon", "5 days", "1.2.3", "1s2", math.nan, math.inf, True, None, [60]]
)
def test_no_time(given):
    with pytest.raises(InputError, match="The budget is no time"):
        seconds(given)


def test_the_shorter_limit_counts_and_the_outer_comes_back():
    assert left() == math.inf
    with within(100):
        with within(1000):
            assert 99 < left() <= 100
        with within(10):
            assert 9 < left() <= 10
        assert 99 < left() <= 100
    assert left() == math.inf


def test_the_limit_goes_with_an_error():
    with pytest.raises(RuntimeError), within(1):
        raise RuntimeError
    assert left() == math.inf


def test_who_trains_is_stopped_when_the_time_is_up_and_not_before():
    go_on()
    with within(100):
        go_on()
    with within(0), pytest.raises(OutOfTime):
        go_on()


def test_a_user_who_catches_exceptions_does_not_catch_it():
    assert not issubclass(OutOfTime, Exception)
