"""Code: a Config as the Python that makes it again, exactly."""

from __future__ import annotations

from dataclasses import MISSING, fields

from thalweg.core.config import Config


def python(config: Config) -> str:
    """Return an expression that gives `config` after ``import thalweg as tw``; it leaves out what is default.

    Example:
        >>> python(Config(optimizer="adam", hyper={"lr": 0.0123456789}, epochs=5))
        "tw.Config(optimizer='adam', hyper={'lr': 0.0123456789}, epochs=5)"
    """
    plain = config.to_json()
    default = {f.name: f.default_factory() if f.default is MISSING else f.default for f in fields(Config)}  # pyright: ignore[reportCallIssue]
    told = {name: value for name, value in plain.items() if name == "optimizer" or value != default[name]}
    if "schedules" in told:
        told["schedules"] = {hyper: tuple(setting) for hyper, setting in plain["schedules"].items()}
    return f"tw.Config({', '.join(f'{name}={value!r}' for name, value in told.items())})"
