"""What of a Config every command that trains takes: length, schedules, regularization, data, initial weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from thalweg.cli import arguments as a

Shared = dict[str, Any]
"""Fields of a Config that were given, by name."""


def names_in(registry: str) -> Callable[[str], list[str]]:
    """Return the completion of names in a registry, which is ``"module:name"`` and loaded only then."""

    def complete(incomplete: str) -> list[str]:
        module, _, attribute = registry.partition(":")
        known = getattr(__import__(module, fromlist=[attribute]), attribute)
        return [name for name in known if name.startswith(incomplete)]

    return complete


def _named(flag: str, words: str, registry: str, metavar: str = "NAME") -> Any:
    option = typer.Option(
        flag, metavar=metavar, help=words, autocompletion=names_in(registry), rich_help_panel=PANEL
    )
    return Annotated[str | None, option]


def _number(flag: str, words: str) -> Any:
    return Annotated[float | None, typer.Option(flag, help=words, rich_help_panel=PANEL)]


PANEL = "Regularization, data and initial weights"
OPTIONS: dict[str, Any] = {
    "epochs": a.Epochs,
    "batch_size": a.BatchSize,
    "schedule": a.Schedules,
    "schedule_set": a.ScheduleOptions,
    "init": _named(
        "--init",
        "Initial weights: he, glorot, glorot-sigmoid, xavier, lecun, orthogonal, mup, lsuv, auto; the "
        "problem's if left out.",
        "thalweg.init:initializers",
    ),
    "groups": _named(
        "--groups",
        "Rates and decays of their own for groups of parameters: no-decay, lecun, layerwise:decay=0.8, mup.",
        "thalweg.optim.groups.names:groupings",
    ),
    "dropout": _number("--dropout", "The rate of all dropout layers of the model, in [0, 1)."),
    "label_smoothing": _number("--label-smoothing", "Share of a target spread over all classes, in [0, 1]."),
    "max_norm": _number("--max-norm", "The largest norm of the incoming weights of a unit."),
    "preprocess": _named(
        "--preprocess",
        "What is done to all inputs, fitted on training data: center, standardize, min-max, "
        "pca:components=0.99, pca-whitening, zca.",
        "thalweg.data.preprocess.names:preprocessors",
    ),
    "augment": _named(
        "--augment",
        "What is done to training batches, with commas between, such as flip,crop:padding=4: flip, "
        "crop, contrast, tint.",
        "thalweg.data.augment:augmentations",
        "NAME,...",
    ),
    "sampling": _named(
        "--sampling",
        "Which samples an epoch takes: shuffled, with-replacement, class-divergent, hard, drifting, "
        "class-balanced.",
        "thalweg.data.sampling:samplings",
    ),
}
"""The options in the order of the help, by field of Config; ``schedule_set`` belongs to ``schedule``."""


def trains(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all of `OPTIONS` in the place of its parameter ``shared``, which gets what was set.

    Example:
        >>> @trains
        ... def command(problem: str, *, shared: Shared, seed: int = 0) -> None:
        ...     print(problem, shared)
        >>> command("digits/mlp-1", epochs=3, dropout=0.2)
        digits/mlp-1 {'epochs': 3, 'dropout': 0.2, 'schedules': {'lr': ('constant', {})}}
    """

    @wraps(command)
    def called(*args: Any, **given: Any) -> None:
        own = {name: given.pop(name, None) for name in OPTIONS}
        schedules = a.schedules(own.pop("schedule"), own.pop("schedule_set"))
        shared = {name: value for name, value in own.items() if value is not None}
        command(*args, shared={**shared, "schedules": schedules}, **given)

    hints = get_type_hints(command, include_extras=True)
    taken: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name == "shared":
            kind = inspect.Parameter.KEYWORD_ONLY
            taken += [inspect.Parameter(n, kind, default=None, annotation=o) for n, o in OPTIONS.items()]
        else:
            taken.append(parameter.replace(annotation=hints[parameter.name]))
    del called.__wrapped__  # pyright: ignore[reportAttributeAccessIssue] (else its signature is what is read)
    called.__signature__ = inspect.Signature(taken)  # pyright: ignore[reportAttributeAccessIssue]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in taken}
    return called
