"""Student's interval against SciPy, and how often it holds the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from thalweg.sweep.band import student_interval

NAN = math.nan
SAMPLES = st.lists(st.integers(-1000, 1000).map(lambda k: k / 1000), min_size=2, max_size=12)


@given(SAMPLES)
def test_the_interval_is_students(values: list[float]) -> None:
    found = student_interval(values)
    assert (found.mean, found.n) == (pytest.approx(np.mean(values)), len(values))
    if np.ptp(values) > 0:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
        assert (found.low, found.high) == pytest.approx((low, high))
    else:
        assert (found.low, found.high) == pytest.approx((values[0], values[0]))


@pytest.mark.parametrize(("values", "mean"), [([0.5], 0.5), ([], NAN), ([1, NAN], NAN), ([1, math.inf], NAN)])
def test_what_gives_no_interval(values: list[float], mean: float) -> None:
    found = student_interval(values)
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert (math.isnan(found.low), math.isnan(found.high), found.n) == (True, True, len(values))


def test_an_accuracy_ends_at_100_per_cent_and_an_error_at_nothing() -> None:
    values = [0.98, 0.99, 1.0]
    free, cut = student_interval(values), student_interval(values, (0, 1))
    assert free.high > 1
    assert (cut.mean, cut.low, cut.high) == (free.mean, free.low, 1.0)
    assert student_interval([0.0, 0.5], (0, math.inf)).low == 0
    assert math.isnan(student_interval([1.0], (0, 1)).high)


def test_the_interval_holds_the_mean_in_95_of_100_simulated_sweeps() -> None:
    drawn = np.random.default_rng(0).normal(0.9, 0.01, (4000, 5))
    bands = [student_interval(scores) for scores in drawn.tolist()]
    share = np.mean([band.low <= 0.9 <= band.high for band in bands])
    assert 0.94 < share < 0.96
