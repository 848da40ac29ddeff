"""Choices as text: a name with its options, such as ``pca:components=0.99``, or several with commas between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, cast

from thalweg.core.errors import InputError, InputTypeError

Option = int | float | bool | str
Choice = tuple[str, dict[str, Option]]


def read(text: str) -> list[Choice]:
    """Return the names in a text, each with its options: numbers, switches and words.

    Args:
        text: ``NAME[:OPTION=VALUE,...]``, several with commas between.

    Raises:
        InputError: A text of another form.

    Example:
        >>> read("flip,crop:padding=4,fill=0.5,tint")
        [('flip', {}), ('crop', {'padding': 4, 'fill': 0.5}), ('tint', {})]
    """
    found: list[Choice] = []
    for part in text.split(","):
        name, colon, option = part.partition(":") if ":" in part or "=" not in part else ("", ":", part)
        if name.strip():
            found.append((name.strip(), {}))
        key, _, value = (piece.strip() for piece in option.partition("="))
        if not found or not (name.strip() or colon) or (colon and not (key and value)):
            raise InputError(
                "A choice cannot be read.",
                got=repr(text),
                expected="NAME or NAME:OPTION=VALUE,OPTION=VALUE, such as crop:padding=4",
            )
        if colon:
            found[-1][1][key] = value_of(value)
    return found


def written(field: str, value: Any, *, several: bool = False) -> str:
    """Return a choice as the text that `read` takes.

    Args:
        field: What an error calls it.
        value: Such a text, a pair of a name and options, or a list of these.
        several: Whether it may be more than one.

    Raises:
        InputError: A text of another form, or more names than one.
        InputTypeError: Nothing of the kind, or an option that is no number, switch or word.

    Example:
        >>> written("augment", ["flip", ("crop", {"padding": 4})], several=True)
        'flip,crop:padding=4'
    """
    found = _choices(field, value)
    if not found or (len(found) > 1 and not several):
        names = ", ".join(name for name, _ in found)
        raise InputError(f"{field} is one choice.", got=names or repr(value), expected="one name")
    text = ",".join(_text(field, name, options) for name, options in found)
    read(text)
    return text


def _choices(field: str, value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    match value:
        case str():
            return [*read(value)]
        case (str() as name, Mapping()):
            return [(name, cast("Mapping[str, Any]", value[1]))]
        case Sequence() if not isinstance(value, bytes):
            return [choice for part in cast("Sequence[Any]", value) for choice in _choices(field, part)]
        case _:
            raise InputTypeError(
                f"{field} is of a type that a Config cannot hold.",
                got=repr(value),
                expected='a name such as "crop", or a pair such as ("crop", {"padding": 4})',
                remedy="a function or an object of your own belongs into the Problem",
            )


def _text(field: str, name: str, options: Mapping[str, Any]) -> str:
    given = ",".join(f"{key}={_said(f'{key} of {field}', value)}" for key, value in options.items())
    return f"{name}:{given}" if given else name


def _said(name: str, value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Integral():
            return str(int(value))
        case Real():
            return repr(float(value))
        case str():
            return value
        case _:
            raise InputTypeError(f"{name} is no number, switch or word.", got=repr(value))


def value_of(text: str) -> Option:
    """Return what a value means as it is typed: a switch, a number, else a word.

    Example:
        >>> value_of("True"), value_of("4"), value_of("1e-3"), value_of("zca")
        (True, 4, 0.001, 'zca')
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
