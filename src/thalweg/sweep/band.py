"""Band: how far a figure moves from seed to seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from thalweg.core.interval import Interval

LEVEL = 0.05


def student_interval(values: Sequence[float], bounds: tuple[float, float] = (-math.inf, math.inf)) -> Interval:
    """Return the mean with its 95 % Student interval, cut where the figure itself ends.

    Of a figure that cannot leave its bounds nothing is lost by the cut: beyond them the mean cannot be.

    Args:
        values: One figure a seed; one that is not finite makes all of it NaN.
        bounds: The least and the greatest value that the figure can have, such as (0, 1) of an accuracy.

    Example:
        >>> student_interval([1.0, 2.0, 3.0])
        Interval(mean=2.0, low=-0.484..., high=4.484..., n=3)
        >>> student_interval([0.98, 0.99, 1.0], bounds=(0, 1)).high
        1.0
    """
    from scipy import stats

    n = len(values)
    mean = float(np.mean(values)) if n and np.isfinite(values).all() else math.nan
    if n < 2 or math.isnan(mean):
        return Interval(mean=mean, low=math.nan, high=math.nan, n=n)
    half = float(stats.t.ppf(1 - LEVEL / 2, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    low, high = map(float, bounds)
    return Interval(mean=mean, low=max(mean - half, low), high=min(mean + half, high), n=n)
