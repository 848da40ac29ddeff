"""Bounds: the interval that a number must lie in, declared once and checked wherever a value comes in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thalweg.core.errors import InputTypeError, OutOfRangeError


@dataclass(frozen=True)
class Bounds:
    """A real interval, each end open or closed.

    Example:
        >>> Bounds(0, 1, high_open=True), 1.0 in Bounds(0, 1, high_open=True)
        ([0, 1), False)
    """

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def __repr__(self) -> str:
        left = "(" if self.low_open or math.isinf(self.low) else "["
        right = ")" if self.high_open or math.isinf(self.high) else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"

    def check(self, name: str, value: object) -> float:
        """Return `value` as a float if it lies inside.

        Raises:
            InputTypeError: It is no number.
            OutOfRangeError: It is NaN or lies outside.
        """
        try:
            if isinstance(value, str):
                raise TypeError
            number = float(value)  # pyright: ignore[reportArgumentType]
        except OverflowError:
            number = math.nan
        except (TypeError, ValueError):
            raise InputTypeError(f"{name} is no number.", got=repr(value), expected=repr(self)) from None
        if number not in self:
            raise OutOfRangeError(f"{name} is out of its range.", got=value, expected=f"a number in {self!r}")
        return number


POSITIVE = Bounds(0, low_open=True, high_open=True)
NON_NEGATIVE = Bounds(0, high_open=True)
