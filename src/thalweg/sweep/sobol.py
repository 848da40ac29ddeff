"""Sobol: points that fill the unit cube more evenly than random ones, scrambled by a seed."""

from __future__ import annotations

import math


def sobol(n: int, d: int, seed: int) -> list[tuple[float, ...]]:
    """Return the first n points of a scrambled Sobol sequence.

    Args:
        n: Points, >= 1.
        d: Dimensions, >= 1.
        seed: Of the scrambling, any integer; the same seed gives the same points.

    Returns:
        n points in ``[0, 1)^d``.

    Example:
        >>> sorted(int(4 * u) for (u,) in sobol(4, 1, seed=0))
        [0, 1, 2, 3]

    Reference:
        Owen 1998, Scrambling Sobol' and Niederreiter-Xing points.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=d, scramble=True, rng=abs(seed))
    return [tuple(point) for point in sequence.random_base2(math.ceil(math.log2(n)))[:n].tolist()]
