"""Option: a sentence around any rule (decay, clipping, maximize) that becomes part of the same kernel."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from thalweg.formula.expression import Expression
from thalweg.formula.rule import Hyper, Rule, read_hyper


@dataclass(frozen=True, eq=False)
class Option:
    """A change of the gradient before the rule sees it.

    Attributes:
        name: The function's name; also the name of its hyper-parameter, if it has one.
        function: ``(p, g, **hypers) -> g``; a keyword ``norm`` receives the global norm of the raw gradient.
        hypers: Its declared hyper-parameters; the default is the neutral value, at which it does nothing.
        needs_norm: Whether it reads the global gradient norm.
    """

    name: str
    function: Callable[..., Expression]
    hypers: Mapping[str, Hyper]
    needs_norm: bool

    @cached_property
    def neutral(self) -> float | bool:
        """The setting at which it does nothing."""
        return self.hypers[self.name].default if self.hypers else False

    def suits(self, rule: Rule) -> bool:
        """Whether the rule leaves it its names: what a rule calls so itself comes first."""
        own = {*rule.slots, *rule.scalars, *rule.hypers, *rule.flags}
        return own.isdisjoint({self.name, *self.hypers})

    def is_active(self, setting: Mapping[str, object]) -> bool:
        """Whether these settings make it do something."""
        value = setting.get(self.name)
        return value is not None and value != self.neutral


def option(function: Callable[..., Expression]) -> Option:
    """Declare the decorated function to be an option.

    Example:
        >>> from thalweg.rules.decay import weight_decay
        >>> weight_decay.name, weight_decay.is_active({"weight_decay": 0.0})
        ('weight_decay', False)
    """
    needs_norm = "norm" in inspect.signature(function).parameters
    name = getattr(function, "__name__", "option")
    return Option(name, function, read_hyper(function), needs_norm)
