"""Parcel: jobs on their way to another process, with all that they need there.

What the user's file or script defines goes by value: the other process does not run it. What else they import goes
by name, and is looked for where this process looks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from thalweg.core.code import imported_files
from thalweg.core.errors import InputError, one_line
from thalweg.execute.job import Job
from thalweg.optim import optimizers

REMEDY = "choose the executor sequential or batched, which need only one process"
"""What to do where other processes do not serve."""


def search_path() -> list[str]:
    """Return where this process finds modules, the neighbours of the user's files among them."""
    folders = [str(Path(module.__file__).parent) for module in imported_files() if module.__file__]
    return list(dict.fromkeys([*folders, *sys.path]))


def pack(jobs: Sequence[Job]) -> bytes:
    """Return jobs as bytes; what several of them share, such as the data, is in there once.

    Raises:
        InputError: Something in a problem cannot be sent; it says what.
    """
    import cloudpickle

    contents = {"numerics": _numerics(), "optimizers": _own_optimizers(jobs), "jobs": list(jobs)}
    with _by_value():
        try:
            return cloudpickle.dumps(contents)
        except Exception as error:
            what, why = _culprit(contents) or ("A job", error)
            raise InputError(
                f"{what} cannot be sent to another process.", got=one_line(why), remedy=REMEDY
            ) from error


def unpack(parcel: bytes) -> list[Job]:
    """Return the jobs; this process now computes in the precision of the other, and knows its optimizers.

    Raises:
        InputError: Something in a problem cannot be rebuilt here.
    """
    import cloudpickle

    try:
        contents = cloudpickle.loads(parcel)
    except Exception as error:
        raise InputError(
            "A problem cannot be rebuilt in another process.", got=one_line(error), remedy=REMEDY
        ) from error
    numerics = contents["numerics"]
    torch.set_default_dtype(numerics["dtype"])
    torch.set_float32_matmul_precision(numerics["precision"])
    torch.use_deterministic_algorithms(numerics["deterministic"])
    for name, entry in contents["optimizers"].items():
        optimizers.put(name, entry)
    return contents["jobs"]


def _numerics() -> dict[str, Any]:
    """What of torch's settings changes the bits of a run."""
    return {
        "dtype": torch.get_default_dtype(),
        "precision": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def _own_optimizers(jobs: Sequence[Job]) -> dict[str, Any]:
    """Return the registry's entries of rules of the user's own."""
    names = {job.config.optimizer for job in jobs} & {*optimizers}
    ours = __name__.partition(".")[0]
    return {name: optimizers[name] for name in sorted(names) if _home(optimizers[name].kind) != ours}


def _home(kind: Callable[..., Any]) -> str:
    return kind.__module__.partition(".")[0]


@contextmanager
def _by_value() -> Iterator[None]:
    """Pickle what the user's files define by value inside; of a script cloudpickle does so anyway."""
    import cloudpickle

    files = imported_files()
    for module in files:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in files:
            cloudpickle.unregister_pickle_by_value(module)


def _culprit(contents: dict[str, Any]) -> tuple[str, Exception] | None:
    """Return what cannot be pickled, and why."""
    import cloudpickle

    parts = {f"The optimizer {name}": entry for name, entry in contents["optimizers"].items()}
    for problem in {id(job.problem): job.problem for job in contents["jobs"]}.values():
        parts |= {f"The {part.name} of {problem.name}": getattr(problem, part.name) for part in fields(problem)}
    for what, part in parts.items():
        try:
            cloudpickle.dumps(part)
        except Exception as error:
            return what, error
    return None
