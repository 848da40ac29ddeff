"""Given: what a user gives for an optimizer, be it a name, a class, a function or ``FILE.py:NAME``, as a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast

import torch

from thalweg.core import code
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.optim.foreign import Foreign
from thalweg.optim.names import optimizers

OptimizerGiven = str | Callable[..., torch.optim.Optimizer]
"""A registry name, ``FILE.py:NAME``, or a class or function of parameters and ``lr``."""


def resolve(given: OptimizerGiven) -> str:
    """Return the registry name of what a user gives; a class or function that is new becomes known.

    Args:
        given: A registry name; an optimizer class, of thalweg, made with `rule` or from elsewhere; a function of
            parameters and ``lr``; or ``path/to/file.py:name`` of any. What is from elsewhere is called by its
            package and itself, such as ``"torch.Adam"``; its ``search``, if it has one, is the interval of ``lr``.

    Raises:
        InputError: There is no such file, its code fails, or the name is taken.
        UnknownNameError: It has no such name.
        InputTypeError: It is no such optimizer.

    Example:
        >>> from thalweg import optim
        >>> resolve("adam"), resolve(optim.Adam), resolve(optim.SGD)
        ('adam', 'adam', 'torch-sgd')
    """
    if not isinstance(given, str):
        return _name_of(given, repr(given))
    if ".py" not in given:
        return given
    path, name = code.split(given, "optimizer")
    with code.imported(path) as module:
        found = vars(module).get(name)
    if found is None:
        known = [key for key, value in vars(module).items() if _makes_optimizers(value)]
        raise UnknownNameError(f"optimizer in {path.name}", name, known)
    return _name_of(found, f"{name} in {path.name}")


def resolve_all(given: OptimizerGiven | Iterable[OptimizerGiven]) -> tuple[str, ...]:
    """Return the registry names of one or several; see `resolve`.

    Example:
        >>> resolve_all(["adam", "sgd"]), resolve_all("sgd")
        (('adam', 'sgd'), ('sgd',))
    """
    return tuple(map(resolve, [given] if isinstance(given, str) or callable(given) else given))


def _name_of(make: Any, words: str) -> str:
    for name in optimizers:
        entry = optimizers[name]
        if entry.kind is make and not getattr(entry, "fixed", None):
            return name
    if not _makes_optimizers(make):
        raise InputTypeError(
            f"{words} is no optimizer.",
            got=type(make).__name__,
            expected="a function decorated with @thalweg.rule(...), or a class or function of parameters and lr, "
            "such as torch.optim.Adam or `def mine(parameters, lr=0.1): ...`",
        )
    return _register(make)


def _makes_optimizers(value: Any) -> bool:
    """Whether a class or function takes parameters and a learning rate, and has a name to be called by."""
    if isinstance(value, type) and not issubclass(value, torch.optim.Optimizer):
        return False
    if not callable(value) or not getattr(value, "__name__", "").isidentifier():  # a lambda's is not
        return False
    with suppress(ValueError):  # a built-in may have no signature
        return "lr" in Foreign(value, "").hypers()
    return False


def _register(make: Callable[..., torch.optim.Optimizer]) -> str:
    package = make.__module__.removeprefix(code.PREFIX).partition(".")[0]
    name = make.__name__ if package == "__main__" else f"{package}.{make.__name__}"
    clash = next((known for known in optimizers if known.lower() == name.lower()), None)
    if clash and not (clash == name and isinstance(optimizers[clash], Foreign)):
        raise InputError(
            f"There is an optimizer {clash} already.", remedy="give the class or function another name"
        )
    optimizers.put(name, Foreign(make, name, _span(make)))
    return name


def _span(make: Callable[..., torch.optim.Optimizer]) -> tuple[float, float] | None:
    """Return the interval of ``lr`` that an optimizer declares; one of torch's has that of ours of its name."""
    own = getattr(make, "search", None)
    if own is None and make.__module__.startswith("torch.optim."):
        ours = (optimizers[name] for name in optimizers)
        own = next((entry.search for entry in ours if entry.kind.__name__ == make.__name__), None)
    return cast("tuple[float, float] | None", own)
