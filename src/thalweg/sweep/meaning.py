"""Meaning: the kind of range that two numbers stand for, and what values without a range may have meant."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from numbers import Real
from typing import Any, get_args, get_type_hints

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim import optimizers
from thalweg.sweep.dimensions import Choice, Dimension, Integers, Log, Uniform, Value

DECADE = 10
"""A range that spans this factor or more is logarithmic, where nothing below zero is allowed."""


def range_between(name: str, low: float, high: float, names: Sequence[str]) -> Dimension:
    """Return the range of a setting that two numbers stand for.

    It is of integers for a count such as batch_size; logarithmic if the setting cannot be negative and the range
    spans a decade or more (a learning rate that starts at zero spans them all, and is refused); else uniform.

    Args:
        name: The setting.
        low: Lower end.
        high: Upper end.
        names: The optimizers, which declare what a setting may be.

    Raises:
        InputError: Ends that span no range.
        InputTypeError: An end of a count that is no integer.

    Example:
        >>> range_between("lr", 1e-5, 1, ["adam"]), range_between("momentum", 0.5, 0.99, ["momentum"])
        (Log(low=1e-05, high=1), Uniform(low=0.5, high=0.99))
    """
    if is_count(name):
        return Integers(low, high)  # pyright: ignore[reportArgumentType] (which raises for what is none)
    declared = [optimizers[optimizer].hypers().get(name) for optimizer in names]
    positive = all(hyper is None or hyper.interval.low >= 0 for hyper in declared) and low > 0
    wide = high >= DECADE * low
    return Log(low, high) if (positive and wide) or (name == "lr" and low <= 0) else Uniform(low, high)


def is_count(name: str) -> bool:
    """Return whether a setting is a field of Config that holds an integer."""
    return int in get_args(get_type_hints(Config).get(name))


def meant(name: str, given: object, names: Sequence[str]) -> str:
    """Return a question about a pair of numbers, or about several values, where a range belongs; empty for others.

    Example:
        >>> meant("lr", (1e-5, 1), ["adam"]), meant("batch_size", [8, 16, 32], ["adam"])
        ('did you mean log(1e-05, 1)?', 'did you mean choice(8, 16, 32)?')
    """
    values: list[Any] = list(given) if isinstance(given, tuple | list) else []
    with suppress(InputError, InputTypeError, TypeError):
        if len(values) == 2 and all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
            low, high = sorted(values)
            dimension = range_between(name, low, high, names)
            return (
                f"did you mean {type(dimension).__name__.lower()}({', '.join(map(_short, dimension.extremes))})?"
            )
        if values:
            return f"did you mean choice({', '.join(map(repr, Choice(tuple(values)).values))})?"
    return ""


def _short(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
