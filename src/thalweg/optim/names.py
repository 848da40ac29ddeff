"""The optimizers by the book's names, with their hyper-parameters as plain numbers for Configs and searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg.core.errors import InputTypeError, UnknownNameError
from thalweg.core.registry import Registry
from thalweg.formula import Hyper, Rule
from thalweg.optim.adadelta import Adadelta
from thalweg.optim.adagrad import Adagrad
from thalweg.optim.adam import Adam
from thalweg.optim.optimizer import Params, RuleOptimizer
from thalweg.optim.rmsprop import RMSprop, RMSPropNesterov
from thalweg.optim.sgd import SGD, Momentum, Nesterov
from thalweg.rules import options


@dataclass(frozen=True)
class Named:
    """What a registry name stands for: a class, and the keywords that the name fixes.

    Attributes:
        kind: The optimizer class.
        fixed: Such as ``{"form": "book"}``.
    """

    kind: type[RuleOptimizer]
    fixed: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def rule(self) -> Rule:
        """The rule behind the name."""
        return self.kind.rule

    @property
    def flags(self) -> list[str]:
        """Names of its switches."""
        return [*self.rule.flags, *(option.name for option in options if not option.hypers)]

    def hypers(self) -> dict[str, Hyper]:
        """Return the hyper-parameters of the rule and its options, by the names that a Config uses.

        Example:
            >>> [*optimizers["adam"].hypers()][:4]
            ['lr', 'beta1', 'beta2', 'eps']
        """
        own = {self._public(symbol): hyper for symbol, hyper in self.rule.hypers.items()}
        return own | {option.name: option.hypers[option.name] for option in options if option.hypers}

    def _public(self, symbol: str) -> str:
        name = self.kind.names.get(symbol, symbol)
        return symbol if "." in name else name


optimizers: Registry[Named] = Registry("optimizer")
for _kind in (SGD, Momentum, Nesterov, Adagrad, RMSprop, RMSPropNesterov, Adadelta, Adam):
    _fixed = {"form": "book"} if _kind in (Adagrad, RMSprop) else {}
    optimizers.add(_kind.rule.name, Named(_kind, _fixed))


def check_hyper(name: str, hyper: Mapping[str, float | bool]) -> None:
    """Check settings of the optimizer `name` without building it.

    Raises:
        UnknownNameError: No such optimizer or hyper-parameter; it gives the nearest names.
        OutOfRangeError: A value outside its interval.
        InputTypeError: A value of the wrong type.
    """
    entry = optimizers[name]
    declared = entry.hypers()
    for key, value in hyper.items():
        if key in declared:
            declared[key].interval.check(f"{key} of {name}", value)
        elif key not in entry.flags:
            raise UnknownNameError(f"hyper-parameter of {name}", key, [*declared, *entry.flags])
        elif not isinstance(value, bool):
            raise InputTypeError(f"{key} of {name} is a switch.", got=repr(value), expected="True or False")


def build(name: str, params: Params, hyper: Mapping[str, float | bool]) -> RuleOptimizer:
    """Return the optimizer of this name over `params`.

    Args:
        name: A name in `optimizers`.
        params: As for any torch optimizer.
        hyper: Values by the names of `Named.hypers` and `Named.flags`; the rest is default.

    Raises:
        UnknownNameError: No such optimizer or hyper-parameter; it gives the nearest names.
        OutOfRangeError: A value outside its interval.

    Example:
        >>> import torch
        >>> build("adam", [torch.nn.Parameter(torch.ones(2))], {"beta1": 0.8}).param_groups[0]["betas"]
        (0.8, 0.999)
    """
    check_hyper(name, hyper)
    entry = optimizers[name]
    keywords: dict[str, Any] = {**hyper, **entry.fixed}
    if keywords.keys() & {"beta1", "beta2"}:
        declared = entry.rule.hypers
        keywords["betas"] = tuple(keywords.pop(beta, declared[beta].default) for beta in ("beta1", "beta2"))
    return entry.kind(params, **keywords)
