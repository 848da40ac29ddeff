"""Feedback schedules: pure state machines whose factor follows what was observed, not time.

Each is a function ``(state, observed, **options) -> (state, factor)``, called once an observation, such as the
validation loss of each epoch. ``None`` is the state before the first. A state is a tuple of plain numbers, so that
a checkpoint can hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from thalweg.core.registry import Registry
from thalweg.schedules.error_driven import error_driven
from thalweg.schedules.plateau import plateau
from thalweg.schedules.schedule import Declared

React = Callable[[Any, float], tuple[Any, float]]


@dataclass(frozen=True)
class Feedback(Declared):
    """A function ``(state, observed, **options) -> (state, factor)``."""

    kind: ClassVar[str] = "feedback schedule"


feedbacks: Registry[Feedback] = Registry("feedback schedule")
for _function in (plateau, error_driven):
    feedbacks.add(Feedback(_function).name, Feedback(_function))


def react(name: str, options: Mapping[str, float]) -> React:
    """Return the feedback schedule `name` as a function of its state and what was observed alone.

    Args:
        name: A name in `feedbacks`.
        options: Values of its options; the rest is default.

    Raises:
        UnknownNameError: No such schedule or option.
        OutOfRangeError: An option out of its range.

    Example:
        >>> machine, state = react("plateau", {"patience": 1, "divide": 2}), None
        >>> factors = []
        >>> for loss in (3.0, 2.0, 2.0, 2.0, 1.0):
        ...     state, factor = machine(state, loss)
        ...     factors.append(factor)
        >>> factors
        [1.0, 1.0, 1.0, 0.5, 0.5]
    """
    feedback = feedbacks[name]
    feedback.check(options)
    return partial(feedback.function, **options)
