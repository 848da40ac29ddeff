"""A user's own problem, from their Python file."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from thalweg.core import code
from thalweg.core.errors import InputTypeError, UnknownNameError
from thalweg.problems.catalog import load
from thalweg.problems.problem import Problem


def resolve(spec: str, *, data: Path | str | None = None) -> Problem:
    """Return the problem that a command line names.

    Args:
        spec: A name of the catalog, or ``path/to/file.py:name``.
        data: The folder with the catalog's data.

    Raises:
        UnknownNameError: Neither the one nor the other.

    Example:
        >>> resolve("digits/logistic").epochs
        20
    """
    return from_file(spec) if ".py" in spec else load(spec, data=data)


def from_file(spec: str) -> Problem:
    """Import a Python file and return the problem that it defines.

    While it runs, the file's folder comes first on ``sys.path``, so that it may import its neighbours.

    Args:
        spec: ``path/to/file.py:name``, where name is a `Problem`, or a function that returns one when called
            without arguments; ``problem`` if no name is given.

    Returns:
        The problem.

    Raises:
        InputError: There is no such file, or its code fails.
        UnknownNameError: It has no such name.
        InputTypeError: The name is no problem.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "train.py")
        >>> _ = file.write_text("from thalweg.problems import load; problem = load('cancer/mlp-1')")
        >>> from_file(f"{file}:problem").name
        'cancer/mlp-1'
    """
    return named(spec, Problem, what="problem")


def named(spec: str, *kinds: type, what: str) -> Any:
    """Import a Python file and return what a name in it stands for.

    Args:
        spec: ``path/to/file.py:name``; ``problem`` if no name is given.
        kinds: What it may be; a function without arguments that returns one is called.
        what: The word an error uses.

    Raises:
        InputError: There is no such file, or its code fails.
        UnknownNameError: It has no such name.
        InputTypeError: The name is nothing of the kind.
    """
    path, name = code.split(spec, "problem")
    with code.imported(path) as module:
        found = _attribute(module, name, path, kinds, what)
        if not isinstance(found, kinds) and _takes_nothing(found):
            found = code.run(found, path)
    if not isinstance(found, kinds):
        wanted = " or ".join(f"a {_public(kind)}" for kind in kinds)
        raise InputTypeError(
            f"{name} in {path.name} is no {what}.",
            got=type(found).__name__,
            expected=f"{wanted}, or a function without arguments that returns one",
        )
    return found


def _public(kind: type) -> str:
    """What a user calls a class."""
    return f"{'thalweg.' * kind.__module__.startswith('thalweg.')}{kind.__name__}"


def _attribute(module: ModuleType, name: str, path: Path, kinds: tuple[type, ...], what: str) -> Any:
    if not hasattr(module, name):
        own = (key for key, value in vars(module).items() if _may_be(value, kinds, module))
        raise UnknownNameError(f"{what} in {path.name}", name, own)
    return getattr(module, name)


def _may_be(value: object, kinds: tuple[type, ...], module: ModuleType) -> bool:
    local = getattr(value, "__module__", None) == module.__name__
    return isinstance(value, kinds) or (local and _takes_nothing(value))


def _takes_nothing(value: object) -> bool:
    if not callable(value):
        return False
    try:
        signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True
