"""What a constructor was given: counts and positive numbers, or an error that says so."""

from __future__ import annotations

import math
from numbers import Integral, Real

from thalweg.core.errors import InputError


def count(name: str, value: int) -> int:
    """Return the value, which must be an integer of at least 1.

    Raises:
        InputError: It is not.

    Example:
        >>> count("pieces", 2)
        2
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise InputError(f"{name} is unusable.", got=repr(value), expected="an integer >= 1")
    return int(value)


def finite(name: str, value: float, *, positive: bool = False) -> float:
    """Return the value, which must be a finite number, and above 0 if `positive`.

    Raises:
        InputError: It is not.

    Example:
        >>> finite("slope", 0.1)
        0.1
    """
    usable = isinstance(value, Real) and math.isfinite(value) and not (positive and value <= 0)
    if not usable:
        expected = "a finite number > 0" if positive else "a finite number"
        raise InputError(f"{name} is unusable.", got=repr(value), expected=expected)
    return value
