"""Budget: the time an examination may take, and the clock that those who train look at."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from thalweg.core.errors import InputError


class OutOfTime(BaseException):
    """The time is up: no error, and so not to be caught with those of the user's own code."""


_end: ContextVar[float] = ContextVar("end", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is done inside take so long, and no longer than what stands around it; ``go_on`` keeps to that."""
    token = _end.set(min(_end.get(), time.perf_counter() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def left() -> float:
    """Return the seconds that are left; infinity where nobody set a limit.

    Example:
        >>> with within(60):
        ...     59 < left() <= 60
        True
    """
    return _end.get() - time.perf_counter()


def go_on() -> None:
    """Do nothing while there is time; whoever trains asks before every update.

    Raises:
        OutOfTime: The time is up.
    """
    if left() <= 0:
        raise OutOfTime


_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


def seconds(budget: float | str) -> float:
    """Return a budget in seconds.

    Args:
        budget: Seconds, > 0, or text such as ``"60s"``, ``"1.5 min"`` or ``"1h"``.

    Raises:
        InputError: Another text, or a time that is not positive.

    Example:
        >>> seconds("2min"), seconds("60s"), seconds(5)
        (120.0, 60.0, 5.0)
    """
    found = re.fullmatch(r"\s*([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", str(budget).lower())
    try:
        value = float(found[1]) * _UNITS[found[2]] if found else math.nan
    except (ValueError, KeyError):
        value = math.nan
    if isinstance(budget, bool) or not (value > 0 and math.isfinite(value)):
        raise InputError("The budget is no time.", got=repr(budget), expected='seconds, > 0, or "60s", "2min"')
    return value
