"""A user's own problem, from their Python file."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from thalweg.core.errors import InputError, InputTypeError, ThalwegError, UnknownNameError
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
    file, colon, name = spec.rpartition(":") if not spec.endswith(".py") else (spec, ":", "problem")
    path = Path(file if colon else spec).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise InputError(
            f"There is no Python file {file or spec}.", expected="path/to/file.py:name, or a name of the catalog"
        )
    with _folder_first(path.parent):
        found = _attribute(_imported(path), name, path)
        if not isinstance(found, Problem) and _takes_nothing(found):
            found = _run(found, path)
    if not isinstance(found, Problem):
        raise InputTypeError(
            f"{name} in {path.name} is no problem.",
            got=type(found).__name__,
            expected="a thalweg.Problem, or a function without arguments that returns one",
        )
    return found


@contextmanager
def _folder_first(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder))


def _imported(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"thalweg_file_{path.stem}", path)
    assert spec is not None
    loader = spec.loader
    assert loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and pickle look for what the file defines
    _run(partial(loader.exec_module, module), path)
    return module


def _run(function: Callable[[], Any], path: Path) -> Any:
    try:
        return function()
    except ThalwegError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(
            f"The code of {path} fails.",
            got=f"line {_line(error, path)}: {type(error).__name__}: {error}",
            remedy="mend the file; it has to run to its end when imported",
        ) from error


def _line(error: BaseException, path: Path) -> int | str | None:
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else "?"


def _attribute(module: ModuleType, name: str, path: Path) -> Any:
    if not hasattr(module, name):
        own = (key for key, value in vars(module).items() if _may_be_problem(value, module))
        raise UnknownNameError(f"problem in {path.name}", name, own)
    return getattr(module, name)


def _may_be_problem(value: object, module: ModuleType) -> bool:
    local = getattr(value, "__module__", None) == module.__name__
    return isinstance(value, Problem) or (local and _takes_nothing(value))


def _takes_nothing(value: object) -> bool:
    if not callable(value):
        return False
    try:
        signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True
