"""Notation: ranges as one writes them on a command line, such as ``momentum=0.5:0.99``, and spaces from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_type_hints

from thalweg.core import code
from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.optim import optimizers
from thalweg.sweep.dimensions import Choice, Dimension, Integers, Log, Uniform, Value
from thalweg.sweep.space import FIELDS

DECADE = 10
"""A range that spans this factor or more is logarithmic, where nothing below zero is allowed."""


def read(texts: Sequence[str], names: Sequence[str]) -> tuple[dict[str, Dimension], dict[str, Value]]:
    """Return what ``NAME=...`` texts search, and what they fix.

    ``LOW:HIGH`` is a range: of integers for a count such as batch_size; logarithmic if the setting cannot be
    negative and the range spans a decade or more (a learning rate that starts at zero spans them all, and is
    refused); else uniform. ``A,B,C`` is a choice, anything else is fixed.

    Args:
        texts: What was typed.
        names: The optimizers, which declare what a setting may be.

    Raises:
        InputError: A text of another form.

    Example:
        >>> searched, fixed = read(["lr=1e-5:1", "momentum=0.5:0.99", "weight_decay=1e-4"], ["momentum"])
        >>> searched, fixed
        ({'lr': Log(low=1e-05, high=1.0), 'momentum': Uniform(low=0.5, high=0.99)}, {'weight_decay': 0.0001})
    """
    searched: dict[str, Dimension] = {}
    fixed: dict[str, Value] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (equals and name and value):
            raise _unreadable(text)
        if ":" in value:
            searched[name] = _range(name, value, names)
        elif "," in value:
            searched[name] = Choice(tuple(_value(part.strip()) for part in value.split(",")))
        else:
            fixed[name] = _value(value)
    return searched, fixed


def settle(base: Config, fixed: Mapping[str, Value]) -> Config:
    """Return `base` with fixed settings: fields of Config and hyper-parameters."""
    fields = {name: value for name, value in fixed.items() if name in FIELDS}
    hyper = {name: value for name, value in fixed.items() if name not in FIELDS}
    return base.replace(**fields, hyper={**base.hyper, **hyper})


def from_file(spec: str) -> dict[str, Any]:
    """Import a Python file and return the space that it defines.

    Args:
        spec: ``path/to/file.py:name``, a dictionary of settings and ranges; ``space`` if no name is given.

    Raises:
        InputError: There is no such file, or its code fails.
        UnknownNameError: It has no such name.
        InputTypeError: The name is no dictionary.
    """
    path, name = code.split(spec, "space")
    with code.imported(path) as module:
        found = vars(module).get(name)
        known = [key for key, value in vars(module).items() if isinstance(value, dict) and not key.startswith("_")]
    if found is None:
        raise UnknownNameError(f"space in {path.name}", name, known)
    if not isinstance(found, Mapping):
        raise InputTypeError(
            f"{name} in {path.name} is no space.",
            got=type(found).__name__,
            expected='a dictionary such as {"lr": thalweg.log(1e-5, 1)}',
        )
    return dict(found)


def _range(name: str, text: str, names: Sequence[str]) -> Dimension:
    low, _, high = text.partition(":")
    try:
        if name in FIELDS and int in get_args(get_type_hints(Config)[name]):
            return Integers(int(low), int(high))
        ends = float(low), float(high)
    except ValueError:
        raise _unreadable(f"{name}={text}") from None
    declared = [optimizers[optimizer].hypers().get(name) for optimizer in names]
    positive = all(hyper is None or hyper.interval.low >= 0 for hyper in declared) and ends[0] > 0
    wide = ends[1] >= DECADE * ends[0]
    return Log(*ends) if (positive and wide) or (name == "lr" and ends[0] <= 0) else Uniform(*ends)


def _value(text: str) -> Value:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _unreadable(text: str) -> InputError:
    return InputError(
        "A setting cannot be read.",
        got=text,
        expected="NAME=VALUE, NAME=LOW:HIGH or NAME=A,B,C",
        remedy="such as --set momentum=0.5:0.99",
    )
