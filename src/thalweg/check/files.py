"""A user's own set-up, from their Python file."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from thalweg.check.setup import Setup
from thalweg.core.errors import InputTypeError, UnknownNameError
from thalweg.problems import Problem, load
from thalweg.problems.files import named


def resolve(spec: str, *, data: Path | str | None = None) -> Setup:
    """Return the set-up that a command line names.

    Args:
        spec: A name of the catalog, or ``path/to/file.py:name`` of a `Problem`, a `Setup`, or a dictionary of what
            `thalweg.check` takes: ``{"problem": ..., "optimizer": ..., "train_step": ..., "shuffle": ...}``.
        data: The folder with the catalog's data.

    Raises:
        UnknownNameError: No such problem, name or key.
        InputTypeError: A name that is nothing of this.
        InputError: No such file, or its code fails.

    Example:
        >>> resolve("digits/logistic").epochs
        20
    """
    if ".py" not in spec:
        return Setup.of(load(spec, data=data))
    found = named(spec, Problem, Setup, dict, what="problem or set-up")
    if isinstance(found, Setup):
        return found
    return _from_arguments(found) if isinstance(found, dict) else Setup.of(found)


def _from_arguments(given: Mapping[str, Any]) -> Setup:
    known = list(signature(Setup.of).parameters)
    for name in given:
        if name not in known:
            raise UnknownNameError("argument of thalweg.check", name, known)
    if "problem" not in given:
        raise InputTypeError("The set-up has no problem.", got=", ".join(given) or "nothing", expected=known)
    return Setup.of(**given)
