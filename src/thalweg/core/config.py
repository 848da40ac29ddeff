"""Config: one complete setting of a run. A run is a function of (Problem, Config)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, cast

from thalweg.core.bounds import Bounds
from thalweg.core.choice import written
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError

Number = int | float | bool
Setting = tuple[str, Mapping[str, Number]]
"""A schedule's name and the values of its options."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """One complete setting of a run: optimizer and hyper-parameters, schedule, data, regularization, length, seed.

    Args:
        optimizer: A name in the optimizer registry, such as ``"rmsprop-nesterov"``.
        hyper: The optimizer's hyper-parameters and options (``lr``, ``momentum``, ``weight_decay``,
            ``clip_norm`` ...); what is left out takes the optimizer's default.
        schedule: A name in the schedule registry; it multiplies ``lr``.
        schedule_options: The schedule's own parameters.
        schedules: The schedules of other hyper-parameters, each a name and its options, such as
            ``{"momentum": ("linear", {"end": 1.1})}``; each multiplies its hyper-parameter. One of ``lr`` is
            kept as `schedule` and `schedule_options`.
        epochs: Passes over the training split, >= 1; ``None`` takes the problem's.
        batch_size: Samples a step, >= 1; ``None`` takes the problem's.
        patience: Epochs without a better validation score before stopping early and restoring the best
            weights; ``None`` never stops early.
        keep: The weights that the model holds at the end: those of the ``"last"`` epoch, or of the ``"best"``
            by validation, of all epochs. Patience implies ``"best"``.
        seed: The seed of initial weights, data order and noise, any integer.
        init: An initializer by name, such as ``"he"`` (see `thalweg.init`), for the weights that the problem's
            factory gives; ``None`` leaves them as they are.
        groups: A grouping of parameters by name, which gives them learning rates and decays of their own, such as
            ``"no-decay"`` or ``"layerwise:decay=0.8"`` (see `thalweg.optim.groups`); ``None`` gives all the same.
        dropout: The rate of all dropout layers of the model, in [0, 1); ``None`` leaves each its own. What dropout
            keeps is scaled by ``1 / (1 - rate)`` in training, so that evaluation needs no scale.
        label_smoothing: The share of a target's probability that is spread evenly over all classes, in [0, 1], for
            a problem whose loss is cross-entropy; ``None`` leaves the loss as it is. The losses of training are
            then smoothed, those of validation and test are the problem's.
        max_norm: The largest Euclidean norm that the incoming weights of a unit may have, > 0: after each update
            longer ones are scaled back to it. ``None`` limits nothing.
        preprocess: What is done to the inputs of all splits, after what the problem does, fitted to its training
            split: a name such as ``"zca"`` or ``"pca:components=0.99"`` (see `thalweg.data.preprocess`).
        augment: What is done to the inputs of each training batch, in place of what the problem does: names with
            commas between, such as ``"flip,crop:padding=4"`` (see `thalweg.data.augment`).
        sampling: Which samples an epoch takes, in which order: a name such as ``"class-balanced"`` (see
            `thalweg.data.sampling`).

    What is chosen by name may also be given as a pair of a name and options, ``("crop", {"padding": 4})``, augment
    as a list of these; the Config holds the text.

    Raises:
        InputError: A length, size or patience that is no integer >= 1, a seed that is no integer, a `keep` that
            is neither word, two schedules of ``lr``, or a number or choice out of its range.
        InputTypeError: A hyper-parameter or option that is no number, or a schedule that is no such pair.

    Example:
        >>> config = Config(optimizer="adam", hyper={"lr": 0.001})
        >>> Config.from_json(config.to_json()) == config
        True
        >>> config.replace(seed=3)
        Config(optimizer='adam', hyper={'lr': 0.001}, seed=3)
    """

    optimizer: str = "momentum"
    hyper: Mapping[str, Number] = field(default_factory=dict[str, Number])
    schedule: str = "constant"
    schedule_options: Mapping[str, Number] = field(default_factory=dict[str, Number])
    schedules: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    epochs: int | None = None
    batch_size: int | None = None
    patience: int | None = None
    keep: str = "last"
    seed: int = 0
    init: str | None = None
    groups: str | None = None
    dropout: float | None = None
    label_smoothing: float | None = None
    max_norm: float | None = None
    preprocess: str | None = None
    augment: str | None = None
    sampling: str = "shuffled"

    def __post_init__(self) -> None:
        self._keep_schedules()
        for name in ("hyper", "schedule_options"):
            object.__setattr__(self, name, _numbers(getattr(self, name)))
        for name in _COUNTS:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _integer(name, getattr(self, name)))
        object.__setattr__(self, "seed", _integer("seed", self.seed))
        if self.keep not in ("last", "best"):
            raise _unusable("keep", self.keep, "'last' or 'best'")
        for name in _NUMBERS:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _real(name, getattr(self, name)))
        for name in _CHOICES:
            if getattr(self, name) is not None or name == "sampling":
                object.__setattr__(self, name, written(name, getattr(self, name), several=name == "augment"))

    def _keep_schedules(self) -> None:
        schedules = {hyper: _setting(hyper, value) for hyper, value in dict(self.schedules).items()}
        if "lr" in schedules:
            if self.schedule != "constant" or self.schedule_options:
                raise InputError(
                    "Two schedules are set for lr.",
                    got=f"schedule={self.schedule!r} and schedules={{'lr': {schedules['lr'][0]!r}}}",
                    remedy="keep one of them",
                )
            for name, value in zip(("schedule", "schedule_options"), schedules.pop("lr"), strict=True):
                object.__setattr__(self, name, value)
        object.__setattr__(self, "schedules", MappingProxyType(schedules))

    @property
    def all_schedules(self) -> dict[str, Setting]:
        """The schedule of every hyper-parameter that has one, that of ``lr`` among them."""
        return {"lr": (self.schedule, self.schedule_options), **self.schedules}

    @property
    def keeps_best(self) -> bool:
        """Whether the best weights by validation are put back at the end."""
        return self.keep == "best" or self.patience is not None

    @property
    def additions(self) -> dict[str, float | str]:
        """What is set of initial weights, groups, regularization and data, by the name of the field."""
        names = (*_CHOICES, *_NUMBERS)
        found = {name: getattr(self, name) for name in names}
        return {name: value for name, value in found.items() if value not in (None, "shuffled")}

    def replace(self, **changes: Any) -> Config:
        """Return a copy with these fields changed; an unknown one is an error."""
        return Config.from_json(self.to_json() | changes)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "hyper": dict(self.hyper),
            "schedule_options": dict(self.schedule_options),
            "schedules": {hyper: [name, dict(options)] for hyper, (name, options) in self.schedules.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Config:
        """Rebuild what `to_json` gave; an unknown key is an error."""
        known = [f.name for f in fields(cls)]
        for name in data:
            if name not in known:
                raise UnknownNameError("field of Config", name, known)
        return cls(**data)

    def __repr__(self) -> str:
        """The Python that makes it again, exactly; what is default is left out, but for the optimizer."""
        plain = self.to_json()
        plain["schedules"] = {hyper: tuple(setting) for hyper, setting in plain["schedules"].items()}
        default = Config().to_json()
        told = {name: value for name, value in plain.items() if name == "optimizer" or value != default[name]}
        return f"Config({', '.join(f'{name}={_python(value)}' for name, value in told.items())})"

    def __hash__(self) -> int:
        return hash((self.optimizer, frozenset(self.hyper.items()), self.schedule, self.seed))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Config.from_json, (self.to_json(),))


_CHOICES = ("init", "groups", "preprocess", "augment", "sampling")
"""Fields that hold a choice as text."""

_COUNTS = ("epochs", "batch_size", "patience")
"""Fields that hold one integer or None."""

_NUMBERS = ("dropout", "label_smoothing", "max_norm")
"""Fields that hold one real number or None."""

INTERVALS: Mapping[str, Bounds] = MappingProxyType(
    {
        **dict.fromkeys(_COUNTS, Bounds(1, high_open=True)),
        "dropout": Bounds(0, 1, high_open=True),
        "label_smoothing": Bounds(0, 1),
        "max_norm": Bounds(0, low_open=True, high_open=True),
    }
)
"""What the fields that hold a number with an order may be."""


def _python(value: Any) -> str:
    """The expression of a value of a Config: numbers that are not finite have no literal."""
    match value:
        case float() if not math.isfinite(value):
            return f"float('{value}')"
        case dict():
            items = (f"{key!r}: {_python(item)}" for key, item in cast("dict[str, Any]", value).items())
            return f"{{{', '.join(items)}}}"
        case tuple():
            return f"({', '.join(map(_python, cast('tuple[Any, ...]', value)))})"
        case _:
            return repr(value)


def _setting(hyper: str, value: Any) -> Setting:
    match value:
        case (str() as name, Mapping()):
            return name, _numbers(cast(Mapping[str, object], value[1]))
        case _:
            raise InputTypeError(
                f"The schedule of {hyper} is no pair of a name and options.",
                got=repr(value),
                expected='a pair such as ("linear", {"end": 0.5})',
            )


def _numbers(values: Mapping[str, object]) -> Mapping[str, Number]:
    return MappingProxyType({key: _number(key, value) for key, value in dict(values).items()})


def _number(name: str, value: object) -> Number:
    """Return a number of any library as Python's own, which JSON can hold."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise InputTypeError(f"{name} is no number.", got=repr(value))


def _integer(name: str, value: Any) -> int:
    interval = INTERVALS.get(name, Bounds())
    whole = not isinstance(value, bool) and isinstance(value, Integral)
    if not whole or int(value) not in interval:
        least = "" if math.isinf(interval.low) else f" >= {interval.low:g}"
        raise _unusable(name, value, f"an integer{least}")
    return int(value)


def _real(name: str, value: Any) -> float:
    real = not isinstance(value, bool) and isinstance(value, Real)
    if not real or cast(float, value) not in INTERVALS[name]:
        raise _unusable(name, value, f"a number in {INTERVALS[name]!r}")
    return float(value)


def _unusable(name: str, value: object, expected: str) -> InputError:
    return InputError(f"The {name} of a Config is unusable.", got=repr(value), expected=expected)
