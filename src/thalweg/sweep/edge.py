"""Edge: whether the optimum lies at the end of a range, so that a better value may lie beyond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.core.config import INTERVALS
from thalweg.formula import Bounds
from thalweg.optim import optimizers
from thalweg.sweep.dimensions import Dimension, Integers, Log
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

NEAR = 0.1
"""Within this part of a range from its end lies at the end, unless something worse lies between."""

ENDS = ("low", "high")


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A searched setting whose best value lies at the end of its range, or of what was tried of it.

    Attributes:
        name: The setting, such as ``"lr"``.
        end: ``"low"`` or ``"high"``.
        value: The best value.
        low: Lower end of the range that was searched.
        high: Upper end.
        wider: A range to try instead, from low to high.
        refuses: Whether there is no recommendation because of it: it is the learning rate, or all that was
            searched. Of several settings, others than the rate may well be at an end by chance.
        untried: Whether the value is the first or last that was tried while the range goes on: then `wider` is the
            range itself, and nothing is refused.
    """

    name: str
    end: str
    value: float
    low: float
    high: float
    wider: tuple[float, float]
    refuses: bool
    untried: bool = False


def edges(best: Trial, trials: Sequence[Trial], space: Space, is_worse: Callable[[Trial], bool]) -> list[Edge]:
    """Return the settings of the best trial that lie at the end of their range, or of what was tried of it.

    A value is at the end of its range if it lies within a tenth of the range from it (on the scale it was searched
    on) and no trial beyond it is worse: beyond noise, or because it broke down or was screened out on a part of
    the data. An end at which the setting itself ends, such as a momentum of 0, is none. A value further inside
    beyond which nothing was tried is at the end of what was tried.

    Args:
        best: The best trial.
        trials: All trials.
        space: What was searched.
        is_worse: Whether a trial that came to its end on all data is worse than the best beyond noise.
    """
    own = [trial for trial in trials if trial.config.optimizer == best.config.optimizer]
    ranges = space.ranges[best.config.optimizer]
    found: list[Edge] = []
    for name, dimension in ranges.items():
        axis = space.names.index(name)
        if not dimension.is_ordered or len({trial.point[axis] for trial in own}) < 2:
            continue
        beyond = {end: _beyond(end, best, own, axis) for end in ENDS}
        near = [end for end in ENDS if _is_near(end, name, best, dimension)]
        open_ends = [end for end in near if _can_widen(name, end, dimension, best)]
        at = [end for end in open_ends if not any(_is_lost(trial) or is_worse(trial) for trial in beyond[end])]
        last = [end for end in ENDS if end not in near and not beyond[end]]
        if at or last:
            end, refuses = (*at, *last)[0], bool(at) and (name == "lr" or len(ranges) == 1)
            found.append(_edge(name, end, best, dimension, refuses=refuses, untried=not at))
    return found


def _beyond(end: str, best: Trial, own: Sequence[Trial], axis: int) -> list[Trial]:
    """The trials between the best and an end, and at that."""
    sign = 1 if end == "high" else -1
    return [trial for trial in own if sign * trial.point[axis] > sign * best.point[axis]]


def _is_lost(trial: Trial) -> bool:
    """Whether it broke down, or was screened out on a part of the data."""
    return trial.outcome.broken or trial.fraction < 1


def _is_near(end: str, name: str, best: Trial, dimension: Dimension) -> bool:
    """Whether the best value is the end, or within a tenth of the range from it: whole numbers may be few."""
    at = dimension.coordinate(best.values[name])
    return best.values[name] == dimension.extremes[ENDS.index(end)] or (at if end == "low" else 1 - at) <= NEAR


def _interval(name: str, best: Trial) -> Bounds:
    """What values the setting may have at all."""
    return INTERVALS[name] if name in INTERVALS else optimizers[best.config.optimizer].hypers()[name].interval


def _can_widen(name: str, end: str, dimension: Dimension, best: Trial) -> bool:
    """Whether the setting has values beyond this end of its range."""
    low, high = dimension.extremes
    interval = _interval(name, best)
    return low != interval.low if end == "low" else high != interval.high


def _edge(name: str, end: str, best: Trial, dimension: Dimension, *, refuses: bool, untried: bool) -> Edge:
    low, high = map(float, dimension.extremes)  # pyright: ignore[reportArgumentType]
    return Edge(
        name=name,
        end=end,
        value=float(best.values[name]),  # pyright: ignore[reportArgumentType]
        low=low,
        high=high,
        wider=(low, high) if untried else _wider(end, low, high, dimension, _interval(name, best)),
        refuses=refuses,
        untried=untried,
    )


def _wider(end: str, low: float, high: float, dimension: Dimension, interval: Bounds) -> tuple[float, float]:
    span = max(round((high - low) / 2), 1) if isinstance(dimension, Integers) else (high - low) / 2
    if end == "low":
        further = low / 10 if isinstance(dimension, Log) else low - span
    else:
        further = high * 10 if isinstance(dimension, Log) else high + span
    if further not in interval:  # as far again towards what the setting cannot pass
        further = (low + interval.low) / 2 if end == "low" else (high + interval.high) / 2
    return (further, high) if end == "low" else (low, further)
