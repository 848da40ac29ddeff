"""Edge: whether the optimum lies at the end of a range, so that a better value may lie beyond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.core.config import INTERVALS
from thalweg.formula import Interval
from thalweg.optim import optimizers
from thalweg.sweep.dimensions import Dimension, Integers, Log
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

NEAR = 0.1
"""Within this part of a range from its end lies at the end, unless something worse lies between."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A searched setting whose best value lies at the end of its range.

    Attributes:
        name: The setting, such as ``"lr"``.
        end: ``"low"`` or ``"high"``.
        value: The best value.
        low: Lower end of the range that was searched.
        high: Upper end.
        wider: A range to try instead, from low to high.
        refuses: Whether there is no recommendation because of it: it is the learning rate, or all that was
            searched. Of several settings, others than the rate may well be at an end by chance.
    """

    name: str
    end: str
    value: float
    low: float
    high: float
    wider: tuple[float, float]
    refuses: bool


def edges(best: Trial, trials: Sequence[Trial], space: Space, is_worse: Callable[[Trial], bool]) -> list[Edge]:
    """Return the settings of the best trial that lie at the end of their range.

    A value does if it is the first or last that was tried, or if it lies within a tenth of the range from an end
    (on the scale it was searched on) and no trial beyond it is worse beyond noise. An end of the range at which
    the setting itself ends, such as a momentum of 0, is none.

    Args:
        best: The best trial.
        trials: All trials on all data.
        space: What was searched.
        is_worse: Whether a trial is worse than the best beyond noise.
    """
    own = [trial for trial in trials if trial.config.optimizer == best.config.optimizer and trial.fraction == 1]
    ranges = space.ranges[best.config.optimizer]
    found: list[Edge] = []
    for name, dimension in ranges.items():
        tried = {trial.point[space.names.index(name)] for trial in own}
        if not dimension.is_ordered or len(tried) < 2:
            continue
        axis = space.names.index(name)
        for end in ("low", "high"):
            if _can_widen(name, end, dimension, best) and _is_at(end, best, own, axis, is_worse):
                refuses = name == "lr" or len(ranges) == 1
                found.append(_edge(name, end, best, dimension, refuses=refuses))
                break
    return found


def _is_at(end: str, best: Trial, own: Sequence[Trial], axis: int, is_worse: Callable[[Trial], bool]) -> bool:
    sign = 1 if end == "high" else -1
    here = best.point[axis]
    beyond = [trial for trial in own if sign * trial.point[axis] > sign * here]
    near = (1 - here if end == "high" else here) <= NEAR
    return not beyond or (near and not any(map(is_worse, beyond)))


def _interval(name: str, best: Trial) -> Interval:
    """What values the setting may have at all."""
    return INTERVALS[name] if name in INTERVALS else optimizers[best.config.optimizer].hypers()[name].interval


def _can_widen(name: str, end: str, dimension: Dimension, best: Trial) -> bool:
    """Whether the setting has values beyond this end of its range."""
    low, high = dimension.extremes
    interval = _interval(name, best)
    return low != interval.low if end == "low" else high != interval.high


def _edge(name: str, end: str, best: Trial, dimension: Dimension, *, refuses: bool) -> Edge:
    low, high = map(float, dimension.extremes)  # pyright: ignore[reportArgumentType]
    span = max(round((high - low) / 2), 1) if isinstance(dimension, Integers) else (high - low) / 2
    if end == "low":
        further = low / 10 if isinstance(dimension, Log) else low - span
    else:
        further = high * 10 if isinstance(dimension, Log) else high + span
    interval = _interval(name, best)
    if further not in interval:  # as far again towards what the setting cannot pass
        further = (low + interval.low) / 2 if end == "low" else (high + interval.high) / 2
    wider = (further, high) if end == "low" else (low, further)
    value = float(best.values[name])  # pyright: ignore[reportArgumentType]
    return Edge(name=name, end=end, value=value, low=low, high=high, wider=wider, refuses=refuses)
