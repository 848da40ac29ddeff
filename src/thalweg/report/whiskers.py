"""Whiskers: the interval of each optimizer on one common scale, as shares of a table cell's width."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thalweg.compare import words
from thalweg.compare.result import Comparison, Interval
from thalweg.report.axes import scale


@dataclass(frozen=True)
class Whisker:
    """Left end, mean and right end in per cent of the width."""

    left: float
    middle: float
    right: float


def whiskers(comparison: Comparison) -> dict[str, Whisker]:
    """Return the test interval of each ranked optimizer that has a finite mean.

    The scale is that of the learning curves: one optimizer far behind does not press the others together.

    Args:
        comparison: What was found.

    Returns:
        Optimizer name to its whisker, from left (smallest) to right.
    """
    found = {
        s.optimizer: _ends(comparison.metric, s.test) for s in comparison.ranking if math.isfinite(s.test.mean)
    }
    placed = scale(
        comparison.metric,
        [value for ends in found.values() for value in ends],
        higher_is_better=comparison.higher_is_better,
    )

    def position(value: float) -> float:
        spot = placed.place(value)
        if placed.kind == "linear" or spot is None:
            return value
        return -math.log(spot) if placed.kind == "share" else math.log(spot)

    spots = {name: [position(value) for value in ends] for name, ends in found.items()}
    flat = [spot for row in spots.values() for spot in row]
    low, width = (min(flat), (max(flat) - min(flat)) or 1.0) if flat else (0.0, 1.0)
    return {name: Whisker(*(100 * (spot - low) / width for spot in row)) for name, row in spots.items()}


def _ends(metric: str, interval: Interval) -> tuple[float, float, float]:
    low, high = words.ends(metric, interval)
    known = math.isfinite(low) and math.isfinite(high)
    return (low, interval.mean, high) if known else (interval.mean, interval.mean, interval.mean)
