"""The hyper-parameters of a run that follow a schedule: set before every update, and checked before the first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from torch.optim import Optimizer

from thalweg.core.config import Config, Number
from thalweg.core.errors import InputError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.formula import Hyper
from thalweg.optim import optimizers
from thalweg.optim.scheduled import place
from thalweg.schedules import bind
from thalweg.train.observed import observers


def factors(config: Config) -> dict[str, Callable[[float], float]]:
    """Return what multiplies each hyper-parameter that follows a schedule of time, as a function of it in epochs.

    Raises:
        InputError: A schedule or an option of one that cannot be used.
    """
    follow_loss = observers(config)
    bound = {
        hyper: bind(name, options, total=config.epochs)
        for hyper, (name, options) in config.all_schedules.items()
        if hyper not in follow_loss
    }
    return {hyper: factor for hyper, factor in bound.items() if config.all_schedules[hyper] != ("constant", {})}


def same_so_far(one: Config, other: Config, times: Iterable[float]) -> bool:
    """Whether two Configs that differ in length alone have the same schedules at all of these times."""
    pairs = list(zip(factors(one).values(), factors(other).values(), strict=True))
    return all(mine(t) == theirs(t) for t in times for mine, theirs in pairs)


def check_schedules(config: Config, steps_per_epoch: int) -> None:
    """Check that every scheduled hyper-parameter is one, and stays in its interval at all updates of the run.

    Args:
        config: A setting with a registered optimizer, and its length.
        steps_per_epoch: Updates an epoch.

    Raises:
        UnknownNameError: No such schedule, option or hyper-parameter.
        InputTypeError: A switch.
        OutOfRangeError: A value that leaves its interval; it says when.
        InputError: A value of 0 or infinity, which no factor changes.

    Example:
        >>> rising = Config(epochs=5, hyper={"momentum": 0.5}, schedules={"momentum": ("linear", {"end": 1.98})})
        >>> check_schedules(rising, 10)
        >>> check_schedules(rising.replace(hyper={"momentum": 0.9}), 10)
        Traceback (most recent call last):
        thalweg.core.errors.OutOfRangeError: momentum of momentum leaves its range under the schedule linear...
    """
    assert config.epochs
    for hyper in observers(config):
        _require_effect(hyper, [config.hyper.get(hyper, _declared(config.optimizer, hyper).default)])
    for hyper, factor in factors(config).items():
        declared = _declared(config.optimizer, hyper)
        value = config.hyper.get(hyper, declared.default)
        _require_effect(hyper, [value])
        name, options = config.all_schedules[hyper]
        for t in _extremes(name, tuple(options.items()), config.epochs, steps_per_epoch):
            if value * factor(t) not in declared.interval:
                raise OutOfRangeError(
                    f"{hyper} of {config.optimizer} leaves its range under the schedule "
                    f"{config.all_schedules[hyper][0]}.",
                    got=f"{value:g} * {factor(t):g} = {value * factor(t):g} at epoch {t:g}",
                    expected=f"a number in {declared.interval!r}",
                    remedy=f"change the schedule, or where {hyper} starts",
                )


def _declared(optimizer: str, hyper: str) -> Hyper:
    entry = optimizers[optimizer]
    declared = entry.hypers()
    if hyper in entry.flags:
        raise InputTypeError(f"{hyper} of {optimizer} is a switch: it cannot follow a schedule.")
    if hyper not in declared:
        raise UnknownNameError(f"hyper-parameter of {optimizer}", hyper, declared)
    return declared[hyper]


@lru_cache(maxsize=256)
def _extremes(
    name: str, options: tuple[tuple[str, Number], ...], epochs: int, steps_per_epoch: int
) -> tuple[float, float]:
    """When the factor of a schedule is least and when it is greatest, of all updates."""
    factor = bind(name, dict(options), total=epochs)
    key, steps = lambda step: factor(step / steps_per_epoch), range(epochs * steps_per_epoch)
    return min(steps, key=key) / steps_per_epoch, max(steps, key=key) / steps_per_epoch


def _require_effect(hyper: str, values: Sequence[float]) -> None:
    if not any(value and math.isfinite(value) for value in values):
        raise InputError(
            f"A schedule multiplies {hyper}, but no factor changes it.",
            got=", ".join(f"{hyper}={value:g}" for value in values),
            remedy=f"set {hyper} to the value that the schedule starts from",
        )


class Scheduled:
    """The scheduled hyper-parameters in the groups of an optimizer.

    Args:
        optimizer: Any torch optimizer; its groups hold the values that the factors multiply.
        config: Says which follow what, and for how many epochs the run lasts.

    Raises:
        InputError: A schedule or hyper-parameter that does not exist, or that a factor does not change.

    Attributes:
        factors: By hyper-parameter, of time or of the losses that were observed.
        values: What the factors multiply: by hyper-parameter, one a group, None where a group has none.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5)
        >>> Scheduled(optimizer, Config(epochs=4, schedule="linear")).set(1.0)
        >>> optimizer.param_groups[0]["lr"]
        0.375
    """

    def __init__(self, optimizer: Optimizer, config: Config) -> None:
        self.optimizer = optimizer
        self._observers = observers(config)
        self.factors = {**factors(config), **self._observers}
        self.places = {hyper: place(optimizer, hyper) for hyper in self.factors}
        self.values = {
            hyper: [found.read(group) if found.is_in(group) else None for group in optimizer.param_groups]
            for hyper, found in self.places.items()
        }
        for hyper, values in self.values.items():
            _require_effect(hyper, [value for value in values if value is not None])

    def set(self, t: float) -> None:
        """Set the groups to the values of time `t`, in epochs."""
        for hyper, factor in self.factors.items():
            multiplier, found = factor(t), self.places[hyper]
            for group, value in zip(self.optimizer.param_groups, self.values[hyper], strict=True):
                if value is not None:
                    found.write(group, value * multiplier)

    def observe(self, loss: float) -> None:
        """Take note of the validation loss of an epoch, for schedules that follow it."""
        for observer in self._observers.values():
            observer.see(loss)

    @property
    def seen(self) -> dict[str, list[float]]:
        """The losses that schedules have followed so far, by hyper-parameter: with `values`, all that is state."""
        return {hyper: observer.seen for hyper, observer in self._observers.items()}

    def restore(self, values: dict[str, list[float | None]], seen: Mapping[str, Sequence[float]]) -> None:
        """Go on from what `values` and `seen` were."""
        self.values = values
        for hyper, losses in seen.items():
            self._observers[hyper].replay(losses)
