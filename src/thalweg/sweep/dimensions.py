"""Dimensions: the kinds of range that a setting is searched in, each a map of [0, 1] onto values."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, final

from thalweg.core.errors import InputError, InputTypeError

Value = float | int | bool | str | None


class Dimension(ABC):
    """One range of values, seen as the interval [0, 1]."""

    @abstractmethod
    def value(self, u: float) -> Value:
        """Return the value at `u` in [0, 1]."""

    @abstractmethod
    def coordinate(self, value: Any) -> float:
        """Return where in [0, 1] a value lies: the inverse of `value`."""

    @property
    @abstractmethod
    def extremes(self) -> tuple[Value, ...]:
        """The two ends, or everything that can be chosen."""

    @property
    def is_ordered(self) -> bool:
        """Whether it has a low and a high end."""
        return True

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types: its kind and what it spans."""
        return {"kind": type(self).__name__.lower(), **vars(self)}


@final
@dataclass(frozen=True)
class Log(Dimension):
    """Uniform in the logarithm: ``low^(1 - u) high^u``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _numbers("log", self.low, self.high)
        if not self.low > 0:
            raise InputError(
                "A log range goes through zero.",
                got=f"log({self.low:g}, {self.high:g})",
                expected="0 < low < high",
                remedy="start it above zero, such as log(1e-6, 1), or search uniformly",
            )

    def value(self, u: float) -> float:
        """Return the value at `u` in [0, 1]."""
        if u in (0, 1):  # an end is what was typed, not that but for rounding
            return float(self.high if u else self.low)
        low, high = math.log(self.low), math.log(self.high)
        return min(max(math.exp(low + u * (high - low)), float(self.low)), float(self.high))

    def coordinate(self, value: Any) -> float:
        """Return where in [0, 1] a value lies."""
        return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    @property
    def extremes(self) -> tuple[Value, ...]:
        """The two ends."""
        return self.low, self.high


@final
@dataclass(frozen=True)
class Uniform(Dimension):
    """Uniform: ``low + u (high - low)``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _numbers("uniform", self.low, self.high)

    def value(self, u: float) -> float:
        """Return the value at `u` in [0, 1]."""
        return min(max(self.low + u * (self.high - self.low), float(self.low)), float(self.high))

    def coordinate(self, value: Any) -> float:
        """Return where in [0, 1] a value lies."""
        return (value - self.low) / (self.high - self.low)

    @property
    def extremes(self) -> tuple[Value, ...]:
        """The two ends."""
        return self.low, self.high


@final
@dataclass(frozen=True)
class Integers(Dimension):
    """Whole numbers from `low` to `high`, both among them, each as likely."""

    low: int
    high: int

    def __post_init__(self) -> None:
        _numbers("integers", self.low, self.high)
        for end in (self.low, self.high):
            if not isinstance(end, Integral) or isinstance(end, bool):
                raise InputTypeError("An end of a range of integers is no integer.", got=repr(end))

    def value(self, u: float) -> int:
        """Return the value at `u` in [0, 1]."""
        return min(self.low + int(u * (self.high - self.low + 1)), self.high)

    def coordinate(self, value: Any) -> float:
        """Return the middle of the part of [0, 1] that gives this value."""
        return (value - self.low + 0.5) / (self.high - self.low + 1)

    @property
    def extremes(self) -> tuple[Value, ...]:
        """The two ends."""
        return self.low, self.high


@final
@dataclass(frozen=True)
class Choice(Dimension):
    """One of some values, which have no order."""

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        for value in self.values:
            if not (value is None or isinstance(value, str | Real)):
                raise InputTypeError("A choice holds what is no number and no name.", got=repr(value))
        if not self.values or len(set(self.values)) < len(self.values):
            raise InputError("A choice needs values, each once.", got=", ".join(map(repr, self.values)) or "none")

    def value(self, u: float) -> Value:
        """Return the value at `u` in [0, 1]."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def coordinate(self, value: Any) -> float:
        """Return the middle of the part of [0, 1] that gives this value."""
        return (self.values.index(value) + 0.5) / len(self.values)

    @property
    def extremes(self) -> tuple[Value, ...]:
        """Everything that can be chosen."""
        return self.values

    @property
    def is_ordered(self) -> bool:
        """Never: a choice has no ends."""
        return False


def log(low: float, high: float) -> Log:
    """Search between `low` and `high` uniformly in the logarithm: for learning rates, decays, distances from 1.

    Args:
        low: Lower end, > 0.
        high: Upper end, > `low`.

    Example:
        >>> [round(log(1e-4, 1).value(u), 6) for u in (0, 0.5, 1)]
        [0.0001, 0.01, 1.0]
    """
    return Log(low, high)


def uniform(low: float, high: float) -> Uniform:
    """Search between `low` and `high` uniformly.

    Example:
        >>> uniform(0.5, 0.99).value(0.5)
        0.745
    """
    return Uniform(low, high)


def integers(low: int, high: int) -> Integers:
    """Search the whole numbers from `low` to `high`, both among them.

    Example:
        >>> [integers(1, 4).value(u) for u in (0, 0.3, 1)]
        [1, 2, 4]
    """
    return Integers(low, high)


def choice(*values: Value) -> Choice:
    """Search among some numbers, switches or names, such as optimizers or schedules.

    Example:
        >>> choice("adam", "momentum").value(0.7)
        'momentum'
    """
    return Choice(values)


def from_json(data: Mapping[str, Any]) -> Dimension:
    """Rebuild what `Dimension.to_json` gave."""
    kinds = {"log": Log, "uniform": Uniform, "integers": Integers, "choice": Choice}
    return kinds[data["kind"]](**{name: value for name, value in data.items() if name != "kind"})


def _numbers(kind: str, low: object, high: object) -> None:
    for end in (low, high):
        if not isinstance(end, Real) or isinstance(end, bool):
            raise InputTypeError(f"An end of a {kind} range is no number.", got=repr(end))
    if not (-math.inf < low < high < math.inf):  # pyright: ignore[reportOperatorIssue]
        raise InputError(
            f"A {kind} range holds no values.",
            got=f"{kind}({low:g}, {high:g})",
            expected="two finite numbers, low < high",
        )
