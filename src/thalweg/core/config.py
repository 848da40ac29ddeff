"""Config: one complete setting of a run. A run is a function of (Problem, Config)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from thalweg.core.errors import InputError, UnknownNameError

Number = int | float | bool


@dataclass(frozen=True, kw_only=True)
class Config:
    """One complete setting of a run: optimizer and hyper-parameters, schedule, length, batch, seed.

    Args:
        optimizer: A name in the optimizer registry, such as ``"rmsprop-nesterov"``.
        hyper: The optimizer's hyper-parameters and options (``lr``, ``momentum``, ``weight_decay``,
            ``clip_norm`` ...); what is left out takes the optimizer's default.
        schedule: A name in the schedule registry; it multiplies ``lr``.
        schedule_options: The schedule's own parameters.
        epochs: Passes over the training split, >= 1; ``None`` takes the problem's.
        batch_size: Samples a step, >= 1; ``None`` takes the problem's.
        patience: Epochs without a better validation score before stopping early and restoring the best
            weights; ``None`` never stops early.
        seed: The seed of initial weights, data order and noise.

    Raises:
        InputError: A length, size or patience below 1.

    Example:
        >>> config = Config(optimizer="adam", hyper={"lr": 0.001})
        >>> Config.from_json(config.to_json()) == config, config.replace(seed=3).seed
        (True, 3)
    """

    optimizer: str = "momentum"
    hyper: Mapping[str, Number] = field(default_factory=dict[str, Number])
    schedule: str = "constant"
    schedule_options: Mapping[str, Number] = field(default_factory=dict[str, Number])
    epochs: int | None = None
    batch_size: int | None = None
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("hyper", "schedule_options"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for name in ("epochs", "batch_size", "patience"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 1):
                raise InputError(
                    f"The {name} of a Config is unusable.", got=repr(value), expected="an integer >= 1"
                )

    def replace(self, **changes: Any) -> Config:
        """Return a copy with these fields changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "hyper": dict(self.hyper),
            "schedule_options": dict(self.schedule_options),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Config:
        """Rebuild what `to_json` gave; an unknown key is an error."""
        known = [f.name for f in fields(cls)]
        for name in data:
            if name not in known:
                raise UnknownNameError("field of Config", name, known)
        return cls(**data)

    @property
    def key(self) -> str:
        """A short name that is the same for equal Configs, in every process."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return blake2b(text.encode(), digest_size=6).hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Config.from_json, (self.to_json(),))
