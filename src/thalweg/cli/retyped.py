"""Retyped: the command that trains one setting, exactly."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from thalweg.core.config import Config, Number

_OTHERWISE = ("optimizer", "hyper", "schedule", "schedule_options", "schedules")
"""Fields that are typed in a form of their own; any other is an option of its name."""


def fit_command(
    problem: str, config: Config, *, optimizer: str | None = None, data: str | Path | None = None
) -> str:
    """Return the command that trains a setting; what is default is left out, but for the optimizer.

    Args:
        problem: What it is trained on, as a command line names it.
        config: The setting.
        optimizer: How a command line names the optimizer, if not as the Config does, such as
            ``"rules.py:mine"``.
        data: The folder of data that is named with ``--data``.

    Example:
        >>> fit_command("digits/mlp-1", Config(optimizer="adam", hyper={"lr": 0.01, "beta1": 0.8}, batch_size=64))
        'thalweg fit digits/mlp-1 -o adam --lr 0.01 --set beta1=0.8 --batch-size 64'
    """
    words = ["thalweg", "fit", problem, "-o", optimizer or config.optimizer]
    for name, value in config.hyper.items():
        words += ["--lr", _number(value)] if name == "lr" else ["--set", f"{name}={_number(value)}"]
    words += [*_schedules(config), *_options(config)]
    return shlex.join([*words, *(["--data", str(data)] if data else [])])


def _schedules(config: Config) -> Iterator[str]:
    for hyper, (name, options) in config.all_schedules.items():
        if hyper != "lr" or name != Config.schedule or options:
            given = ",".join(f"{key}={_number(value)}" for key, value in options.items())
            yield "--schedule"
            yield f"{f'{hyper}=' * (hyper != 'lr')}{name}{f':{given}' * bool(given)}"


def _options(config: Config) -> Iterator[str]:
    for field in fields(Config):
        value = getattr(config, field.name)
        if field.name not in _OTHERWISE and value != field.default:
            yield f"--{field.name.replace('_', '-')}"
            yield str(value)


def _number(value: Number) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
