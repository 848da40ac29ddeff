"""Space: which settings are searched, and in which ranges. A point of the unit cube is a Config, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import islice, product
from typing import Any

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.optim import check_hyper, optimizers
from thalweg.sweep.dimensions import Choice, Dimension, Log, Value, from_json
from thalweg.sweep.meaning import meant

Point = tuple[float, ...]
Given = Mapping[str, Dimension | Mapping[str, Dimension]]

FIELDS = tuple(f.name for f in fields(Config) if f.default is not MISSING and f.name not in ("optimizer", "seed"))
"""Fields of Config that can be searched: all that hold one value. Seeds are repeated, not searched."""

MIDDLE = 0.5
"""Where a point lies along what its optimizer does not have."""

COMBINATIONS = 512
"""How many combinations of choices are checked before the first run."""


@dataclass(frozen=True)
class Space:
    """What is searched, for each optimizer that is.

    Attributes:
        ranges: Optimizer -> setting -> its range, in the order of the unit cube's coordinates. A setting that
            several optimizers have is one coordinate, though each may have its own range.

    Example:
        >>> space = Space.of(["adam", "momentum"], {"lr": Log(1e-4, 1), "momentum": Log(0.5, 0.99)})
        >>> space.names
        ('optimizer', 'lr', 'momentum')
        >>> space.config((0.1, 0.5, 0.5), Config()).hyper["lr"], space.config((0.9, 0.5, 0), Config()).optimizer
        (0.01..., 'momentum')
    """

    ranges: Mapping[str, Mapping[str, Dimension]]

    @classmethod
    def of(cls, names: Sequence[str], given: Given | None = None, base: Config | None = None) -> Space:
        """Return the space of these optimizers.

        Args:
            names: Optimizers, by registry name; a choice under the key ``"optimizer"`` of `given` replaces them.
            given: Setting -> its range. Settings are hyper-parameters and options of the optimizer, and fields of
                Config such as ``batch_size``. One that only some of the optimizers have is searched for these.
                A mapping of optimizers to ranges in place of a range gives each its own.
            base: What is fixed. ``lr``, unless given or fixed, is searched in each optimizer's declared interval.

        Raises:
            UnknownNameError: No such optimizer or setting; it gives the nearest names.
            InputError: A setting that is both fixed and searched, or nothing to search.
            InputTypeError: A range that is none.
        """
        base, own = base or Config(), dict(given or {})
        names = _names(names, own.pop("optimizer", None))
        if "lr" not in own and "lr" not in base.hyper:
            own = {"lr": {name: Log(*optimizers[name].search) for name in names}, **own}
        for key, dimension in own.items():
            _check_key(key, dimension, names, base)
        for key in base.hyper:
            if not any(key in _known(name) for name in names):
                check_hyper(names[0], {key: base.hyper[key]})  # raises, and names its neighbours
        ranges = {name: {key: d for key in own if (d := _range(own[key], key, name))} for name in names}
        if len(names) == 1 and not ranges[names[0]]:
            raise InputError(
                "There is nothing to search: every setting is fixed.",
                got=", ".join(f"{name}={value:g}" for name, value in base.hyper.items()),
                remedy="leave lr open, or train this one setting with `thalweg fit`",
            )
        return cls(ranges)

    @property
    def optimizers(self) -> tuple[str, ...]:
        """The optimizers that are searched."""
        return tuple(self.ranges)

    @property
    def names(self) -> tuple[str, ...]:
        """The settings, one a coordinate of the unit cube; the optimizer first, if there are several."""
        several = ("optimizer",) if len(self.ranges) > 1 else ()
        return (*several, *dict.fromkeys(key for own in self.ranges.values() for key in own))

    def dimension(self, name: str, optimizer: str) -> Dimension | None:
        """Return the range of a setting for one optimizer, ``None`` if it does not have it."""
        return Choice(self.optimizers) if name == "optimizer" else self.ranges[optimizer].get(name)

    def config(self, point: Sequence[float], base: Config) -> Config:
        """Return the setting at a point of the unit cube.

        Args:
            point: One coordinate in [0, 1] for each of `names`.
            base: Everything that is not searched.
        """
        at = dict(zip(self.names, point, strict=True))
        name = str(Choice(self.optimizers).value(at.get("optimizer", 0.0)))
        found = {key: dimension.value(at[key]) for key, dimension in self.ranges[name].items()}
        changes = {key: value for key, value in found.items() if key in FIELDS}
        hyper = {key: value for key, value in found.items() if key not in FIELDS}
        return base.replace(optimizer=name, hyper={**_own(base.hyper, name), **hyper}, **changes)

    def values(self, config: Config) -> dict[str, Value]:
        """Return the searched settings of a Config, by name; those that its optimizer does not have are absent."""
        everything = {
            **{key: getattr(config, key) for key in FIELDS},
            **config.hyper,
            "optimizer": config.optimizer,
        }
        return {name: everything[name] for name in self.names if self.dimension(name, config.optimizer)}

    def point(self, config: Config) -> Point:
        """Return where a Config lies in the unit cube; along what its optimizer does not have, in the middle."""
        values = self.values(config)
        placed = {
            name: dimension.coordinate(values[name])
            for name in values
            if (dimension := self.dimension(name, config.optimizer))
        }
        return tuple(placed.get(name, MIDDLE) for name in self.names)

    def corners(self, base: Config) -> Iterator[Config]:
        """Yield the Configs at the ends of the ranges: every combination of choices, with numbers low and high."""
        for name, own in self.ranges.items():
            choices = {key: d for key, d in own.items() if not d.is_ordered}
            for end in (0.0, 1.0) if len(choices) < len(own) else (0.0,):
                for chosen in islice(product(*(d.extremes for d in choices.values())), COMBINATIONS):
                    at = {key: d.coordinate(v) for (key, d), v in zip(choices.items(), chosen, strict=True)}
                    at["optimizer"] = Choice(self.optimizers).coordinate(name)
                    yield self.config([at.get(key, end) for key in self.names], base)

    def check(self, base: Config) -> None:
        """Check that every Config of the space can be built.

        Raises:
            OutOfRangeError: A range that leaves the interval which the optimizer declares.
            InputError: A value that a field of Config cannot take.
            InputTypeError: A name where a number belongs.
        """
        for config in self.corners(base):
            check_hyper(config.optimizer, config.hyper)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {name: {key: d.to_json() for key, d in own.items()} for name, own in self.ranges.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Space:
        """Rebuild what `to_json` gave."""
        return cls({name: {key: from_json(d) for key, d in own.items()} for name, own in data.items()})


def _names(names: Sequence[str], chosen: object) -> tuple[str, ...]:
    if isinstance(chosen, Choice):
        names = [str(value) for value in chosen.values]
    elif chosen is not None:
        raise InputTypeError("The optimizer is searched in what is no choice.", got=repr(chosen))
    if not names or len(set(names)) < len(names):
        raise InputError("A sweep needs optimizers, each once.", got=", ".join(names) or "none")
    for name in names:
        optimizers[name]  # an unknown one raises
    return tuple(names)


def _known(name: str) -> set[str]:
    entry = optimizers[name]
    return {*entry.hypers(), *entry.flags}


def _own(hyper: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The fixed hyper-parameters without those that other optimizers of the sweep have, and this one has not."""
    return {key: value for key, value in hyper.items() if key in _known(name)}


def _check_key(key: str, given: object, names: Sequence[str], base: Config) -> None:
    if key == "seed":
        raise InputError("A seed is not searched: luck is no setting.", remedy="repeat seeds with repeats=3")
    owners = [name for name in names if key in FIELDS or key in _known(name)]
    if not owners:
        known = set(FIELDS).union(*map(_known, names))
        raise UnknownNameError(f"hyper-parameter of {' or '.join(names)}", key, known)
    if key in base.hyper:
        raise InputError(
            f"{key} is both fixed and searched.", got=f"{key}={base.hyper[key]:g}", remedy="leave out one of them"
        )
    by_optimizer = given if isinstance(given, Mapping) else dict.fromkeys(owners, given)
    for name, dimension in by_optimizer.items():
        if name not in owners:
            raise UnknownNameError(f"optimizer of this sweep with a {key}", str(name), owners)
        if not isinstance(dimension, Dimension):
            raise InputTypeError(
                f"The range of {key} is none.",
                got=repr(dimension),
                expected="log(low, high), uniform(low, high), integers(low, high) or choice(a, b, ...)",
                remedy=meant(key, dimension, owners) or "a value that is not searched belongs into base",
            )


def _range(given: Dimension | Mapping[str, Dimension], key: str, name: str) -> Dimension | None:
    if isinstance(given, Mapping):
        return given.get(name)
    return given if key in FIELDS or key in _known(name) else None
