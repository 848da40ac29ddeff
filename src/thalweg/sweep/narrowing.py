"""Narrowing: from coarse to fine. A second round of points, where the first found the best."""

from __future__ import annotations

import math
from collections.abc import Sequence

from thalweg.problems import Metric
from thalweg.sweep.sobol import sobol
from thalweg.sweep.space import MIDDLE, Point, Space
from thalweg.sweep.trial import Trial

ELITE = 4
"""The best one in so many trials of the first round mark out the second's ground."""


def narrowed(space: Space, tried: Sequence[Trial], metric: Metric, n: int, seed: int) -> list[Point]:
    """Return n more points, in boxes around the best trials.

    The best quarter of the trials, two at least, span a box for each of their optimizers. Along a range the box
    goes on to the next value that was tried, or by half the distance ``m^(-1/d)`` of m points in d dimensions,
    whichever is more: so that it brackets the optimum. Of what can be chosen it holds what the best quarter chose.

    Args:
        space: What is searched.
        tried: The first round.
        metric: The objective.
        n: How many points.
        seed: Of the Sobol points in the boxes.

    Returns:
        The points; none if no trial of the first round can be scored.
    """
    ranked = sorted(tried, key=lambda trial: trial.standing(metric), reverse=True)
    ranked = [trial for trial in ranked if not trial.outcome.broken]
    elite = ranked[: max(2, math.ceil(len(tried) / ELITE))]
    if not elite:
        return []
    optimizers = list(dict.fromkeys(trial.config.optimizer for trial in elite))
    points: list[Point] = []
    for i, at in enumerate(sobol(n, len(space.names), seed)):
        name = optimizers[i % len(optimizers)]
        own = [trial.point for trial in elite if trial.config.optimizer == name]
        every = [trial.point for trial in tried if trial.config.optimizer == name]
        points.append(tuple(_within(space, name, own, every, j, u) for j, u in enumerate(at)))
    return points


def _within(
    space: Space, optimizer: str, elite: Sequence[Point], tried: Sequence[Point], axis: int, u: float
) -> float:
    """Return the coordinate at `u` along one axis of an optimizer's box."""
    dimension = space.dimension(space.names[axis], optimizer)
    if dimension is None:
        return MIDDLE
    inside = sorted({point[axis] for point in elite})
    if not dimension.is_ordered:
        return inside[min(int(u * len(inside)), len(inside) - 1)]
    low, high = inside[0], inside[-1]
    pad = len(tried) ** (-1 / len(space.ranges[optimizer])) / 2
    below = max((point[axis] for point in tried if point[axis] < low), default=0.0)
    above = min((point[axis] for point in tried if point[axis] > high), default=1.0)
    low, high = max(min(below, low - pad), 0.0), min(max(above, high + pad), 1.0)
    return low + u * (high - low)
