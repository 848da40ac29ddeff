"""What several commands take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from thalweg.core.config import Number
from thalweg.core.errors import InputError


def _problem_names(incomplete: str) -> list[str]:
    from thalweg.problems.catalog import rows

    return [row.name for row in rows if row.name.startswith(incomplete)]


def optimizer_names(incomplete: str) -> list[str]:
    """Return the optimizers whose names begin like this."""
    from thalweg.rules import rules

    return [name for name in rules if name.startswith(incomplete)]


def optimizer_lists(incomplete: str) -> list[str]:
    """Return what a list with commas may become: its last name completed, none named twice."""
    done, comma, last = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in optimizer_names(last) if name not in done.split(",")]


def _schedule_names(incomplete: str) -> list[str]:
    from thalweg.schedules import schedules

    return [name for name in schedules if name.startswith(incomplete)]


ProblemName = Annotated[
    str,
    typer.Argument(
        metavar="PROBLEM",
        help="A name of the catalog (see `thalweg problems`), or path/to/file.py:name.",
        autocompletion=_problem_names,
    ),
]
OptimizerName = Annotated[
    str, typer.Option("--optimizer", "-o", help="A name of `thalweg optimizers`.", autocompletion=optimizer_names)
]
OptimizerNames = Annotated[
    str | None,
    typer.Option(
        "--optimizers",
        "-o",
        help="Names with commas between; all if left out.",
        autocompletion=optimizer_lists,
    ),
]
ScheduleName = Annotated[
    str,
    typer.Option(
        help="constant, step, inverse or exponential; time is counted in epochs.", autocompletion=_schedule_names
    ),
]
ScheduleOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--schedule-set", metavar="NAME=VALUE", help="Its options: every, divide (step); k (the others)."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A hyper-parameter, such as weight_decay=1e-4; repeat at will.",
    ),
]
Keep = Annotated[
    str, typer.Option(help="Whose weights are kept and judged: of the best epoch by validation, or the last.")
]
Search = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=LOW:HIGH", help="Another range for an optimizer's learning rate; repeat at will."),
]
Seed = Annotated[int, typer.Option(help="Seed of weights, data order and noise.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training data; the problem's if left out.")]
BatchSize = Annotated[int | None, typer.Option(help="Samples a step; the problem's if left out.")]
Data = Annotated[
    Path | None, typer.Option(help="Folder of MNIST and Fashion-MNIST; else $THALWEG_DATA, else a cache.")
]
Store = Annotated[Path, typer.Option(envvar="THALWEG_STORE", help="The SQLite file that keeps every run.")]
Threads = Annotated[
    int | None, typer.Option(help="Torch threads; measured on your problem and machine if left out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output and nothing else.")]

STORE = Path("thalweg-runs") / "runs.db"


def ranges(texts: Sequence[str] | None) -> dict[str, tuple[float, float]]:
    """Return ``NAME=LOW:HIGH`` texts as intervals.

    Raises:
        InputError: A text of another form.

    Example:
        >>> ranges(["adam=1e-6:0.1"])
        {'adam': (1e-06, 0.1)}
    """
    found: dict[str, tuple[float, float]] = {}
    for text in texts or ():
        name, _, interval = text.partition("=")
        low, _, high = interval.partition(":")
        try:
            found[name.strip()] = (float(low), float(high))
        except ValueError:
            raise InputError(
                "A range cannot be read.", got=text, expected="NAME=LOW:HIGH, such as adam=1e-6:0.1"
            ) from None
    return found


def pairs(texts: Sequence[str] | None) -> dict[str, Number]:
    """Return ``NAME=VALUE`` texts as numbers and switches.

    Raises:
        InputError: A text of another form.

    Example:
        >>> pairs(["momentum=0.95", "maximize=true"])
        {'momentum': 0.95, 'maximize': True}
    """
    found: dict[str, Number] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        try:
            found[name.strip()] = _SWITCHES[value.lower()] if value.lower() in _SWITCHES else float(value)
        except ValueError:
            equals = ""
        if not (equals and name.strip()):
            raise InputError(
                "A setting cannot be read.",
                got=text,
                expected="NAME=NUMBER or NAME=true",
                remedy="such as --set momentum=0.9",
            )
    return found


_SWITCHES = {"true": True, "false": False}
