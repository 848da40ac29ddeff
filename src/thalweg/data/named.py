"""Named: functions and classes by name, each with options that are read from its signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from thalweg.core.errors import UnknownNameError
from thalweg.core.parameters import parameters
from thalweg.core.registry import Registry

T = TypeVar("T")

Options = Mapping[str, Any]
Choice = str | tuple[str, Options]
"""A name, alone or with values of its options: ``"pca"``, ``("pca", {"components": 0.99})``."""


class Named(Registry[Callable[..., T]]):
    """What makes a `T`, by name; its options are its keyword parameters, but for those that a caller tells it.

    Args:
        kind: The word an error uses, such as ``"sampling"``.
        told: Keywords that are no options, because whoever calls tells them by itself.

    Example:
        >>> powers = Named[float]("power", told=("base",))
        >>> def power(*, base: float, exponent: float = 2.0) -> float:
        ...     return base**exponent
        >>> _ = powers.add("power", power)
        >>> powers.options("power"), powers.bind("power", {"exponent": 3})(base=2)
        ({'exponent': 2.0}, 8)
    """

    def __init__(self, kind: str, *, told: tuple[str, ...] = ()) -> None:
        super().__init__(kind)
        self.told = told

    def options(self, name: str) -> dict[str, Any]:
        """Return the options of `name` with their defaults."""
        own = parameters(self[name]).values()
        return {p.name: p.default for p in own if p.default is not p.empty and p.name not in self.told}

    def bind(self, name: str, options: Options) -> Callable[..., T]:
        """Return `name` with these options filled in.

        Raises:
            UnknownNameError: No such name or option.
        """
        known = self.options(name)
        for key in options:
            if key not in known:
                raise UnknownNameError(f"option of the {self.kind} {name}", key, known)
        return partial(self[name], **options)

    def choose(self, choice: Choice) -> Callable[..., T]:
        """Return what a `Choice` names, with its options filled in."""
        return self.bind(choice, {}) if isinstance(choice, str) else self.bind(*choice)


def is_choice(value: object) -> bool:
    """Tell whether this is a name, or a pair of a name and options.

    Example:
        >>> is_choice("zca"), is_choice(("zca", {})), is_choice(("zca", "pca"))
        (True, True, False)
    """
    match value:
        case str() | (str(), Mapping()):
            return True
        case _:
            return False
