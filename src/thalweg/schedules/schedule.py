"""What a schedule is: a function of time, or of what was observed, with the bounds of its options."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, get_args, get_type_hints

from thalweg.core.errors import InputError, OutOfRangeError, UnknownNameError
from thalweg.core.parameters import parameters


@dataclass(frozen=True)
class AtLeast:
    """The bound of an option, as a note in its annotation: ``Annotated[float, AtLeast(1)]``."""

    value: float


@dataclass(frozen=True)
class Declared:
    """A function whose keyword-only parameters are options, all positive numbers unless a note says otherwise.

    Attributes:
        function: The function.
    """

    function: Callable[..., Any]
    kind: ClassVar[str]
    """What an error calls it."""

    @property
    def options(self) -> dict[str, float | None]:
        """Options with their defaults; None is one that the function works out."""
        own = parameters(self.function).values()
        return {p.name: p.default for p in own if p.kind is p.KEYWORD_ONLY and p.name != "total"}

    @property
    def bounds(self) -> dict[str, float]:
        """The least value of each option that has another bound than being positive."""
        hints = get_type_hints(self.function, include_extras=True)
        notes = {
            name: [note for note in get_args(hint) if isinstance(note, AtLeast)] for name, hint in hints.items()
        }
        return {name: found[0].value for name, found in notes.items() if found}

    @property
    def name(self) -> str:
        """The name of the function, with hyphens."""
        return self.function.__name__.replace("_", "-")

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().splitlines()[0]

    def check(self, options: Mapping[str, float]) -> None:
        """Check that these options exist and are in their ranges.

        Raises:
            UnknownNameError: No such option.
            OutOfRangeError: One that is not a positive finite number, or less than its declared bound.
        """
        known, bounds = self.options, self.bounds
        for key, value in options.items():
            if key not in known:
                raise UnknownNameError(f"option of the {self.kind} {self.name}", key, known)
            least = bounds.get(key, math.ulp(0.0))
            if not (isinstance(value, int | float) and least <= value <= sys.float_info.max):
                raise OutOfRangeError(
                    f"The option {key} of the {self.kind} {self.name} is out of its range.",
                    got=value,
                    expected=f"a number >= {least:g}" if key in bounds else "a number > 0",
                )


@dataclass(frozen=True)
class Schedule(Declared):
    """A function ``(t, **options) -> factor`` of time in epochs.

    Attributes:
        function: The function; its keyword-only parameters are the options. If it declares ``total`` it is told
            the length of the run, in epochs. If it does not declare ``warmup``, `bind` adds that option.
    """

    kind: ClassVar[str] = "schedule"

    @property
    def options(self) -> dict[str, float | None]:
        """Options with their defaults; None is one that the function works out."""
        return {**super().options, **({} if self.warms_up else {"warmup": 0})}

    @property
    def bounds(self) -> dict[str, float]:
        """The least value of each option that has another bound than being positive."""
        return {**super().bounds, **({} if self.warms_up else {"warmup": 0})}

    @property
    def knows_total(self) -> bool:
        """Whether it asks for the length of the run."""
        return "total" in parameters(self.function)

    @property
    def warms_up(self) -> bool:
        """Whether a warm-up is part of the function itself."""
        return "warmup" in parameters(self.function)


def span(name: str, over: float | None, total: float | None, *, option: str = "over") -> float:
    """Return how many epochs a schedule takes: `over`, or the whole run; `option` is what the schedule calls it.

    Raises:
        InputError: Neither is given.

    Example:
        >>> span("linear", None, 10.0)
        10.0
    """
    if over is not None:
        return over
    if total is None:
        raise InputError(
            f"The schedule {name} does not know where it ends.",
            remedy=f"give {option}, in epochs, or the run's total",
        )
    return total
