"""Schedule: a function of time with its options read from its signature."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from thalweg.core.errors import OutOfRangeError, UnknownNameError


@dataclass(frozen=True)
class Schedule:
    """A function ``(t, **options) -> factor`` of time in epochs.

    Attributes:
        function: The function; its keyword-only parameters are the options, all positive numbers.
    """

    function: Callable[..., float]

    @property
    def options(self) -> dict[str, float]:
        """Options with their defaults."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().splitlines()[0]


def bind(name: str, options: Mapping[str, float]) -> Callable[[float], float]:
    """Return the schedule `name` as a function of time alone.

    Args:
        name: A name in `schedules`.
        options: Values of its options; the rest is default.

    Raises:
        UnknownNameError: No such schedule or option.
        OutOfRangeError: An option that is not a positive finite number.

    Example:
        >>> bind("step", {"every": 2, "divide": 2})(4.0)
        0.25
    """
    from thalweg.schedules import schedules

    schedule = schedules[name]
    for key, value in options.items():
        if key not in schedule.options:
            raise UnknownNameError(f"option of the schedule {name}", key, schedule.options)
        if not (isinstance(value, int | float) and 0 < value < math.inf):
            raise OutOfRangeError(
                f"The option {key} of the schedule {name} is out of its range.", got=value, expected="a number > 0"
            )
    return partial(schedule.function, **options)
