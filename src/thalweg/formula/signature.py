"""What the signature of a sentence declares: states, hyper-parameters, flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from thalweg.core.bounds import Bounds
from thalweg.core.errors import InputError
from thalweg.formula.expression import Expression

RESERVED = (
    "t",
    "norm",
    "size",
    "step",
    "interim",
    "shift",
    "rounding",
    "form",
    "rule",
    "unscale",
    "rounding_seed",
    "compensation",
)
"""Names that no state and no hyper-parameter can have: what a row and a saved state keep beside them."""

TENSORS = ("p", "g", "new")
"""Names that no state can have: those of the tensors that are no states."""

Scalar = Annotated[Expression | float, "state of a row"]
"""Annotation of a state that a whole row shares: one number, not a tensor. Its default is its initial value."""


_Kind = TypeVar("_Kind")


@dataclass(frozen=True)
class Start:
    """Note in a slot's annotation: its elements start at this hyper-parameter, not at zero."""

    hyper: str


@dataclass(frozen=True)
class Hyper:
    """A declared hyper-parameter: name, default and the interval in which it makes sense."""

    name: str
    default: float
    interval: Bounds


@dataclass(frozen=True)
class Signature:
    """What a function declares.

    Attributes:
        positional: Names of its positional parameters, states included.
        slots: Names of the tensor states.
        starts: Slot -> the hyper-parameter that its elements start at; the others start at zero.
        scalars: Names and initial values of the scalar states, one number a row.
        hypers: Hyper-parameters by name.
        flags: Boolean switches with their defaults.
        given: Which of the keywords that are given to it it asks for.
    """

    positional: tuple[str, ...]
    slots: tuple[str, ...]
    starts: Mapping[str, str]
    scalars: Mapping[str, float]
    hypers: Mapping[str, Hyper]
    flags: Mapping[str, bool]
    given: tuple[str, ...]


def read(function: Callable[..., object], first: int, given: Sequence[str]) -> Signature:
    """Return what the signature of `function` declares.

    Args:
        function: A rule's or an option's sentence.
        first: How many positional parameters come before the states.
        given: Keywords that it receives if it has them without a default.

    Raises:
        InputError: The signature is not one of a sentence, or uses a name that has another meaning.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    positional = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    if len(positional) < first or any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in positional):
        raise InputError(
            f"{title(function)} has not the signature of a rule.",
            got=_shown(function),
            expected="(p, g, *states, *, hyper-parameters with defaults)",
        )
    states = positional[first:]
    asked = tuple(p.name for p in keywords if p.name in given and p.default is p.empty)
    settings = [p for p in keywords if p.name not in asked]
    _refuse_reserved(function, [p.name for p in states], [p.name for p in settings])
    scalars = {p.name: float(_default(function, p)) for p in states if hints.get(p.name) == Scalar}
    slots = tuple(p.name for p in states if p.name not in scalars)
    flags = {p.name: bool(_default(function, p)) for p in keywords if hints.get(p.name) is bool}
    starts = {slot: note.hyper for slot in slots if (note := _note(hints.get(slot), Start))}
    return Signature(
        positional=tuple(p.name for p in positional),
        slots=slots,
        starts=starts,
        scalars=scalars,
        hypers={p.name: _hyper(function, p, hints.get(p.name)) for p in settings if p.name not in flags},
        flags=flags,
        given=asked,
    )


def title(function: Callable[..., object]) -> str:
    """Return the registry name of a sentence: the function's, with hyphens."""
    return getattr(function, "__name__", "rule").replace("_", "-")


def _shown(function: Callable[..., object]) -> str:
    """The signature without its annotations, which would bury it."""
    signature = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _hyper(function: Callable[..., object], parameter: inspect.Parameter, hint: Any) -> Hyper:
    interval = _note(hint, Bounds) or Bounds()
    default = _default(function, parameter)
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        raise InputError(
            f"The default of {parameter.name!r} of the rule {title(function)} is no number.",
            got=repr(default),
            expected="a number; a flag is annotated: warm: bool = False",
        )
    return Hyper(parameter.name, float(default), interval)


def _note(hint: Any, kind: type[_Kind]) -> _Kind | None:
    """The first note of this kind in an annotation."""
    return next((note for note in get_args(hint)[1:] if isinstance(note, kind)), None)


def _refuse_reserved(function: Callable[..., object], states: Sequence[str], settings: Sequence[str]) -> None:
    taken = [name for name in states if name in (*TENSORS, *RESERVED)]
    taken += [name for name in settings if name in RESERVED]
    if taken:
        raise InputError(
            f"{taken[0]!r} cannot be a state or hyper-parameter of the rule {title(function)}.",
            got=_shown(function),
            expected=f"other names than {', '.join(RESERVED)}, and of states than {', '.join(TENSORS)}",
            remedy="rename it; the step count is the keyword t without a default",
        )


def _default(function: Callable[..., object], parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        raise InputError(
            f"{parameter.name!r} of the rule {title(function)} has no default.",
            expected="a number: keywords are hyper-parameters, a state that is a Scalar has its first value",
        )
    return parameter.default
