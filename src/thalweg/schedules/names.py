"""The schedules by name, and how a name with its options becomes a function of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from thalweg.core.errors import OutOfRangeError
from thalweg.core.registry import Registry
from thalweg.schedules.constant import constant
from thalweg.schedules.cosine import cosine
from thalweg.schedules.exponential import exponential
from thalweg.schedules.inverse import inverse
from thalweg.schedules.linear import linear
from thalweg.schedules.one_cycle import one_cycle
from thalweg.schedules.polynomial import polynomial
from thalweg.schedules.schedule import Schedule
from thalweg.schedules.step import step
from thalweg.schedules.warmup import warm_up
from thalweg.schedules.wsd import wsd

schedules: Registry[Schedule] = Registry("schedule")
for _function in (constant, step, inverse, exponential, linear, polynomial, cosine, wsd, one_cycle):
    schedules.add(Schedule(_function).name, Schedule(_function))


def bind(name: str, options: Mapping[str, float], *, total: float | None = None) -> Callable[[float], float]:
    """Return the schedule `name` as a function of time alone.

    Args:
        name: A name in `schedules`.
        options: Values of its options; the rest is default. Every schedule takes ``warmup``: it then begins where
            the warm-up ends, and has the rest of the run.
        total: Epochs of the run, for schedules that ask for it.

    Raises:
        UnknownNameError: No such schedule or option.
        OutOfRangeError: An option that is not a positive finite number, or less than its declared bound, or a
            warm-up as long as the run.
        InputError: The schedule needs `total`, and it is not given.

    Example:
        >>> bind("step", {"every": 2, "divide": 2})(4.0)
        0.25
        >>> [bind("linear", {"warmup": 2}, total=6)(t) for t in (0, 1, 2, 4)]
        [0.0, 0.5, 1.0, 0.5]
    """
    schedule = schedules[name]
    schedule.check(options)
    warmup = options.get("warmup", 0)
    if total is not None and warmup >= total:
        raise OutOfRangeError(
            f"The warm-up of the schedule {name} is as long as the run.",
            got=f"{warmup:g} epochs of {total:g}",
            expected=f"fewer than {total:g} epochs",
        )
    own = {key: value for key, value in options.items() if key != "warmup" or schedule.warms_up}
    after = 0 if schedule.warms_up else warmup
    left = {"total": None if total is None else total - after} if schedule.knows_total else {}
    factor = partial(schedule.function, **own, **left)
    factor(0.0)  # what it lacks is said here, not in the middle of a run
    return partial(warm_up, factor, over=after) if after else factor
