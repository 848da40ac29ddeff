"""The groupings by name, so that a setting can name one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from thalweg.core.errors import InputError, UnknownNameError
from thalweg.core.registry import Registry
from thalweg.init.rehearsal import Example
from thalweg.optim.groups.layerwise import layerwise
from thalweg.optim.groups.lecun import lecun
from thalweg.optim.groups.multiplier import Grouping, Multipliers
from thalweg.optim.groups.mup import mup
from thalweg.optim.groups.no_decay import no_decay


@dataclass(frozen=True)
class Named:
    """What a name stands for.

    Attributes:
        function: ``f(model, **options)`` or ``f(model, example, **options)``: gives the multipliers.
    """

    function: Callable[..., Multipliers]

    @property
    def needs_example(self) -> bool:
        """Whether it looks at a batch of inputs."""
        return "example" in inspect.signature(self.function).parameters

    @property
    def options(self) -> dict[str, float | bool]:
        """Its options that are numbers or switches, with their defaults."""
        parameters = inspect.signature(self.function).parameters.values()
        return {
            p.name: p.default
            for p in parameters
            if p.kind is p.KEYWORD_ONLY and isinstance(p.default, int | float)
        }

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().splitlines()[0]


groupings: Registry[Named] = Registry("grouping of parameters")
for _name, _function in (("no-decay", no_decay), ("lecun", lecun), ("layerwise", layerwise), ("mup", mup)):
    groupings.add(_name, Named(_function))


def grouping(
    name: str, options: Mapping[str, float | bool] | None = None, example: Example | None = None
) -> Grouping:
    """Return the grouping of this name as a function of the model alone, for `parameter_groups`.

    Args:
        name: A name in `groupings`.
        options: Values of its options; the rest is default.
        example: A batch of inputs, for one that needs it.

    Raises:
        UnknownNameError: No such grouping or option.
        InputError: One that needs an example, without it.

    Example:
        >>> from torch import nn
        >>> grouping("layerwise", {"decay": 0.5})(nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)))["0.bias"].lr
        0.5
    """
    found, given = groupings[name], dict[str, Any](options or {})
    for key in given:
        if key not in found.options:
            raise UnknownNameError(f"option of the grouping {name}", key, found.options)
    if not found.needs_example:
        return partial(found.function, **given)
    if example is None:
        raise InputError(f"The grouping {name} needs an example.", remedy="pass a batch of training inputs")
    return partial(found.function, example=example, **given)
