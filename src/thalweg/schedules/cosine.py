"""Cosine annealing, once or with warm restarts."""

import math
import sys
from typing import Annotated

from thalweg.schedules.schedule import AtLeast, span
from thalweg.schedules.step import ROUNDING


def cosine(
    t: float,
    *,
    end: Annotated[float, AtLeast(0)] = 0,
    period: float | None = None,
    grow: Annotated[float, AtLeast(1)] = 1,
    total: float | None = None,
) -> float:
    """Return ``end + (1 - end) (1 + cos(pi s)) / 2``, where s runs from 0 to 1 in each cycle.

    Without `period` there is one cycle, the whole run. With it the rate is warm again after `period` epochs, then
    after ``period grow`` more, ``period grow^2`` more and so on.

    Args:
        t: Time in epochs, >= 0.
        end: The factor at the end of a cycle, >= 0.
        period: Epochs of the first cycle, > 0; the whole run, and no restart, if left out.
        grow: How many times longer each cycle is than the one before, >= 1; 1 and 2 are usual.
        total: Epochs of the run, which a run tells by itself.

    Raises:
        InputError: Neither `period` nor `total` is given.

    Example:
        >>> cosine(0.0, total=10), round(cosine(5.0, total=10), 6)
        (1.0, 0.5)
        >>> cosine(10.0, period=10), round(cosine(20.0, period=10, grow=2), 6)
        (1.0, 0.5)

    Reference:
        I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, eq. 5; `period` and
        `grow` are T_0 and T_mult.
    """
    if period is None:
        s = min(t / span("cosine", period, total, option="period"), 1.0)
    else:
        s = _phase(min(t / period * (1 + ROUNDING), sys.float_info.max), grow)
    return end + (1 - end) * (1 + math.cos(math.pi * s)) / 2


def _phase(cycles: float, grow: float) -> float:
    """The share done of the cycle that `cycles` first periods reach into; cycle i lasts grow^i of these."""
    if grow == 1:
        return math.fmod(cycles, 1.0)
    grown = min(cycles * (grow - 1), sys.float_info.max)
    done = math.floor(math.log1p(grown) / math.log(grow) * (1 + ROUNDING))
    started = (grow**done - 1) / (grow - 1)
    return min(max((cycles - started) / grow**done, 0.0), 1.0)
