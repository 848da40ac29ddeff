"""The schedules by name, and how a name with its options becomes a function of time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial

from thalweg.core.errors import OutOfRangeError, UnknownNameError
from thalweg.core.registry import Registry
from thalweg.schedules.constant import constant
from thalweg.schedules.exponential import exponential
from thalweg.schedules.inverse import inverse
from thalweg.schedules.schedule import Schedule
from thalweg.schedules.step import step

schedules: Registry[Schedule] = Registry("schedule")
for _function in (constant, step, inverse, exponential):
    schedules.add(_function.__name__, Schedule(_function))


def bind(name: str, options: Mapping[str, float]) -> Callable[[float], float]:
    """Return the schedule `name` as a function of time alone.

    Args:
        name: A name in `schedules`.
        options: Values of its options; the rest is default.

    Raises:
        UnknownNameError: No such schedule or option.
        OutOfRangeError: An option that is not a positive finite number, or less than its declared bound.

    Example:
        >>> bind("step", {"every": 2, "divide": 2})(4.0)
        0.25
    """
    schedule = schedules[name]
    for key, value in options.items():
        if key not in schedule.options:
            raise UnknownNameError(f"option of the schedule {name}", key, schedule.options)
        least = schedule.bounds.get(key, 0)
        if not (isinstance(value, int | float) and 0 < value <= sys.float_info.max and value >= least):
            raise OutOfRangeError(
                f"The option {key} of the schedule {name} is out of its range.",
                got=value,
                expected=f"a number >= {least:g}" if least else "a number > 0",
            )
    return partial(schedule.function, **options)
