"""Method: an optimizer that is no elementwise rule, and what it declares so that a name can stand for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from thalweg.formula import Bounds, Hyper
from thalweg.optim.params import Params, listed

NON_NEGATIVE = Bounds(0, high_open=True)
POSITIVE = Bounds(0, low_open=True, high_open=True)
FRACTION = Bounds(0, 1, high_open=True)
COUNT = Bounds(1, high_open=True)


def declare(**hypers: tuple[float, Bounds]) -> dict[str, Hyper]:
    """Return hyper-parameters by name, each given as its default and its interval.

    Example:
        >>> declare(lr=(0.1, POSITIVE))
        {'lr': Hyper(name='lr', default=0.1, interval=(0, inf))}
    """
    return {name: Hyper(name, *given) for name, given in hypers.items()}


class Method(torch.optim.Optimizer):
    """Base of optimizers that are no elementwise rule: it checks the declared hyper-parameters of each group."""

    hypers: ClassVar[Mapping[str, Hyper]]
    """Hyper-parameters by name."""
    flags: ClassVar[Mapping[str, bool]] = {}
    """Boolean switches with their defaults."""
    search: ClassVar[tuple[float, float]] = (1e-4, 1.0)
    """The interval of ``lr`` worth searching, log-uniform."""
    reference: ClassVar[str]
    """Where it is stated."""
    full_batch: ClassVar[bool] = False
    """Whether ``step`` needs a closure that evaluates the whole training split, the same function at each call."""

    takes_model: ClassVar[bool] = False
    """Whether the constructor takes the model in place of parameters, because it needs names and modules."""

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        super().__init__(listed(type(self).__name__, params), defaults)

    @classmethod
    def keywords(cls, hyper: Mapping[str, float | bool]) -> dict[str, Any]:
        """Return the keywords of the constructor for settings by the names of `hypers` and `flags`."""
        return dict(hyper)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group, as torch does, with its hyper-parameters checked against their intervals."""
        super().add_param_group(param_group)
        try:
            self.check(self.param_groups[-1])
        except Exception:
            del self.param_groups[-1]
            raise

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise an error if the group cannot be used."""
        for name, hyper in self.hypers.items():
            if name in group:
                hyper.interval.check(name, group[name])
