"""Python files of the user: imported under a name of their own, with errors that name the line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from thalweg.core.errors import InputError, ThalwegError

PREFIX = "thalweg_file_"
"""Before the name of a file, so that it hides no module."""


def split(spec: str, default: str) -> tuple[Path, str]:
    """Return the file and the name in it that ``path/to/file.py:name`` stands for.

    Args:
        spec: What the user wrote.
        default: The name if only a file is given.

    Raises:
        InputError: There is no such file.
    """
    file, colon, name = spec.rpartition(":") if not spec.endswith(".py") else (spec, ":", default)
    path = Path(file if colon else spec).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise InputError(
            f"There is no Python file {file or spec}.", expected="path/to/file.py:name, or a known name"
        )
    return path, name


@contextmanager
def imported(path: Path) -> Generator[ModuleType]:
    """Import a file; inside, its folder comes first on ``sys.path``, so that it may import its neighbours.

    Raises:
        InputError: Its code fails.
    """
    with _folder_first(path.parent):
        spec = spec_from_file_location(f"{PREFIX}{path.stem}", path)
        assert spec is not None
        loader = spec.loader
        assert loader is not None
        module = module_from_spec(spec)
        sys.modules[spec.name] = module  # where dataclasses and pickle look for what the file defines
        run(partial(loader.exec_module, module), path)
        yield module


def imported_files() -> list[ModuleType]:
    """Return the user's files that were imported: no other process finds them by their names."""
    return [module for name, module in list(sys.modules.items()) if name.startswith(PREFIX)]


def run(function: Callable[[], Any], path: Path) -> Any:
    """Return what a function of the user's file gives.

    Raises:
        InputError: It fails; the message names the line.
    """
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


@contextmanager
def _folder_first(folder: Path) -> Generator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder))
