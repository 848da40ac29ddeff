"""Band: how far a figure moves from seed to seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from thalweg.core.interval import Interval

LEVEL = 0.05


def student_interval(values: Sequence[float]) -> Interval:
    """Return the mean with its 95 % Student interval.

    Args:
        values: One figure a seed; one that is not finite makes all of it NaN.

    Example:
        >>> student_interval([1.0, 2.0, 3.0])
        Interval(mean=2.0, low=-0.484..., high=4.484..., n=3)
    """
    from scipy import stats

    n = len(values)
    mean = float(np.mean(values)) if n and np.isfinite(values).all() else math.nan
    if n < 2 or math.isnan(mean):
        return Interval(mean=mean, low=math.nan, high=math.nan, n=n)
    half = float(stats.t.ppf(1 - LEVEL / 2, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean=mean, low=mean - half, high=mean + half, n=n)
