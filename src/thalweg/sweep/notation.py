"""Notation: ranges as one writes them on a command line, such as ``momentum=0.5:0.99``, and spaces from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.core import code
from thalweg.core.choice import value_of
from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.sweep.dimensions import Choice, Dimension, Value
from thalweg.sweep.meaning import is_count, range_between
from thalweg.sweep.space import FIELDS


def read(texts: Sequence[str], names: Sequence[str]) -> tuple[dict[str, Dimension], dict[str, Value]]:
    """Return what ``NAME=...`` texts search, and what they fix.

    ``LOW:HIGH`` is a range, of the kind that `thalweg.sweep.meaning.range_between` says. ``A,B,C`` is a choice,
    anything else is fixed.

    Args:
        texts: What was typed.
        names: The optimizers, which declare what a setting may be.

    Raises:
        InputError: A text of another form, or a range that holds no values.

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
            searched[name] = Choice(tuple(value_of(part.strip()) for part in value.split(",")))
        else:
            fixed[name] = value_of(value)
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
    typed = [end.strip() for end in text.split(":")]
    try:
        low, high = map(int if is_count(name) else float, typed)
    except ValueError:
        raise _unreadable(f"{name}={text}") from None
    if low >= high:
        meant = ":".join(reversed(typed)) if low > high else typed[0]
        raise InputError(
            "A range holds no values.",
            got=f"{name}={text}",
            expected="LOW:HIGH with LOW < HIGH",
            remedy=f"did you mean {name}={meant}?",
        )
    return range_between(name, low, high, names)


def _unreadable(text: str) -> InputError:
    return InputError(
        "A setting cannot be read.",
        got=text,
        expected="NAME=VALUE, NAME=LOW:HIGH or NAME=A,B,C",
        remedy="such as --set momentum=0.5:0.99",
    )
