"""Presets: whole manners of sweeping under one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.core.errors import UnknownNameError
from thalweg.sweep.dimensions import Log

DEFAULTS: Mapping[str, Any] = {"trials": 32, "seeds": 5, "sampler": "sobol", "halving": True, "narrow": True}
"""What a sweep takes where neither the caller nor a preset says otherwise."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # Schneider, Balles & Hennig 2019, section 4: a grid of 36 rates, none stopped early, the best on ten seeds.
    "deepobs": {
        "trials": 36,
        "seeds": 10,
        "sampler": "grid",
        "halving": False,
        "narrow": False,
        "space": {"lr": Log(1e-5, 1e2)},
    },
    "quick": {"trials": 12, "seeds": 3},
}


def settled(preset: str | None, **given: Any) -> dict[str, Any]:
    """Return settings where each is the caller's, else the preset's, else the default.

    Args:
        preset: ``"deepobs"``, ``"quick"`` or ``None``.
        given: Settings by name; ``None`` leaves one open. The ranges of a space go before the preset's one by one.

    Raises:
        UnknownNameError: No such preset.

    Example:
        >>> settled("quick", trials=None, seeds=9, sampler=None)
        {'trials': 12, 'seeds': 9, 'sampler': 'sobol'}
    """
    if preset is not None and preset not in PRESETS:
        raise UnknownNameError("preset", preset, PRESETS)
    chosen = {**DEFAULTS, **(PRESETS[preset] if preset else {})}
    found = {name: chosen.get(name) if value is None else value for name, value in given.items()}
    if "space" in chosen and given.get("space"):
        found["space"] = {**chosen["space"], **given["space"]}
    return found
