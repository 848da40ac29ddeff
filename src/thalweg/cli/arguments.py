"""What several commands take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from thalweg.core.config import Number, Setting
from thalweg.core.errors import InputError
from thalweg.core.place import DEFAULT, VARIABLE
from thalweg.schedules import feedbacks
from thalweg.schedules import schedules as of_time

NO_RULES = ("adamw", "nadamw", "muon", "lbfgs", "newton")
"""Optimizers that are not named after a rule: the registry itself would load torch, too slow for completion."""


def problem_names(incomplete: str) -> list[str]:
    """Return the problems of the catalog whose names begin like this."""
    from thalweg.problems.catalog import rows

    return [row.name for row in rows if row.name.startswith(incomplete)]


def optimizer_names(incomplete: str) -> list[str]:
    """Return the optimizers whose names begin like this."""
    from thalweg.rules import rules

    return [name for name in (*rules, *NO_RULES) if name.startswith(incomplete)]


def optimizer_lists(incomplete: str) -> list[str]:
    """Return what a list with commas may become: its last name completed, none named twice."""
    done, comma, last = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in optimizer_names(last) if name not in done.split(",")]


KNOWN_SCHEDULES = {**{name: of_time[name] for name in of_time}, **{name: feedbacks[name] for name in feedbacks}}
"""The schedules of time, and those that follow the validation loss."""


def _schedule_names(incomplete: str) -> list[str]:
    return [name for name in KNOWN_SCHEDULES if name.startswith(incomplete)]


def _schedule_options() -> str:
    """Return the options with the schedules that have them: ``every, divide (step); k (inverse, exponential)``."""
    names: dict[str, list[str]] = {}
    for name, schedule in KNOWN_SCHEDULES.items():
        if own := [key for key in schedule.options if key != "warmup"]:
            names.setdefault(", ".join(own), []).append(name)
    return "; ".join(f"{options} ({', '.join(having)})" for options, having in names.items())


ProblemName = Annotated[
    str,
    typer.Argument(
        metavar="PROBLEM",
        help="A name of the catalog (see `thalweg problems`), or path/to/file.py:name.",
        autocompletion=problem_names,
    ),
]
ProblemNames = Annotated[
    list[str],
    typer.Argument(
        metavar="PROBLEM...",
        help="Names of the catalog (see `thalweg problems`), or path/to/file.py:name.",
        autocompletion=problem_names,
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
        help="Names with commas between, FILE.py:NAME of a rule or class too; the book's eight if left out.",
        autocompletion=optimizer_lists,
    ),
]
Schedules = Annotated[
    list[str] | None,
    typer.Option(
        "--schedule",
        metavar="SCHEDULE",
        help=f"What multiplies lr, with options in epochs, such as cosine:warmup=2: {', '.join(KNOWN_SCHEDULES)}. "
        "Of another hyper-parameter: momentum=linear:end=1.1,over=5. Repeat at will.",
        autocompletion=_schedule_names,
    ),
]
ScheduleOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--schedule-set",
        metavar="NAME=VALUE",
        help=f"An option of lr's schedule: warmup (all of time); {_schedule_options()}.",
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
    Path | None, typer.Option(help="Folder of the data sets that come as files; else $THALWEG_DATA, else a cache.")
]
Store = Annotated[Path, typer.Option(envvar=VARIABLE, help="The SQLite file that keeps every run.")]
Threads = Annotated[
    int | None, typer.Option(help="Torch threads; measured on your problem and machine if left out.")
]
Executor = Annotated[
    str, typer.Option(help="How runs are done: sequential, batched, processes; auto times them and chooses.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for another study that is under way on the store.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Make one run again alone, and print how far the two differ.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output and nothing else.")]

STORE = DEFAULT


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


def schedules(texts: Sequence[str] | None, options_of_lr: Sequence[str] | None = None) -> dict[str, Setting]:
    """Return ``[HYPER=]SCHEDULE[:OPTION=VALUE,...]`` texts by hyper-parameter; one that names none is ``lr``'s.

    Args:
        texts: The schedules.
        options_of_lr: ``NAME=VALUE`` texts of more options of the one of ``lr``.

    Raises:
        InputError: An option of another form.

    Example:
        >>> schedules(["step:every=2", "momentum=linear:end=1.1,over=5"])
        {'lr': ('step', {'every': 2.0}), 'momentum': ('linear', {'end': 1.1, 'over': 5.0})}
    """
    found: dict[str, Setting] = {"lr": ("constant", {})}
    for text in texts or ():
        head, colon, options = text.partition(":")
        hyper, _, name = head.rpartition("=")
        given = pairs(options.split(",") if colon else None, such_as="--schedule momentum=linear:end=1.1,over=5")
        found[hyper.strip() or "lr"] = (name.strip(), given)
    name, given = found["lr"]
    found["lr"] = (name, {**given, **pairs(options_of_lr, such_as="--schedule-set every=5")})
    return found


def pairs(texts: Sequence[str] | None, *, such_as: str = "--set momentum=0.9") -> dict[str, Number]:
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
                remedy=f"such as {such_as}",
            )
    return found


_SWITCHES = {"true": True, "false": False}
