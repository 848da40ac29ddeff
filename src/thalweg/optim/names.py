"""The optimizers by the book's names, with their hyper-parameters as plain numbers for Configs and searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thalweg.core.errors import InputTypeError, UnknownNameError
from thalweg.core.registry import Registry
from thalweg.formula import Hyper, Rule
from thalweg.optim.adadelta import Adadelta
from thalweg.optim.adagrad import Adagrad
from thalweg.optim.adam import Adam
from thalweg.optim.optimizer import Params, RuleOptimizer
from thalweg.optim.options import group_key
from thalweg.optim.rmsprop import RMSprop, RMSPropNesterov
from thalweg.optim.sgd import SGD, Momentum, Nesterov


@dataclass(frozen=True)
class Named:
    """What a registry name stands for.

    Attributes:
        kind: The optimizer class.
    """

    kind: type[RuleOptimizer]

    @property
    def rule(self) -> Rule:
        """The rule behind the name."""
        return self.kind.rule

    @property
    def flags(self) -> list[str]:
        """Names of its switches."""
        return [*self.rule.flags, *(option.name for option in self.kind.options() if not option.hypers)]

    def hypers(self) -> dict[str, Hyper]:
        """Return the hyper-parameters of the rule and its options, by the names that a Config uses.

        Example:
            >>> [*optimizers["adam"].hypers()][:4]
            ['lr', 'beta1', 'beta2', 'eps']
        """
        own: dict[str, Hyper] = {}
        for symbol, hyper in self.rule.hypers.items():
            key, index = group_key(self.kind.names, symbol)
            own[key if index is None else symbol] = hyper  # the elements of a pair keep their own names
        return own | {option.name: option.hypers[option.name] for option in self.kind.options() if option.hypers}

    def keywords(self, hyper: Mapping[str, float | bool]) -> dict[str, Any]:
        """Return the keywords of the class for settings by the names of `hypers` and `flags`.

        Example:
            >>> optimizers["adam"].keywords({"lr": 0.1, "beta2": 0.99})
            {'lr': 0.1, 'betas': (0.9, 0.99)}
        """
        keywords: dict[str, Any] = {**hyper, **self.kind.fixed}
        pairs: dict[str, list[tuple[int, str]]] = {}
        for symbol in self.rule.hypers:
            key, index = group_key(self.kind.names, symbol)
            if index is not None:
                pairs.setdefault(key, []).append((index, symbol))
        for key, elements in pairs.items():
            symbols = [symbol for _, symbol in sorted(elements)]
            if keywords.keys() & set(symbols):
                keywords[key] = tuple(keywords.pop(symbol, self.rule.hypers[symbol].default) for symbol in symbols)
        return keywords


optimizers: Registry[Named] = Registry("optimizer")
for _kind in (SGD, Momentum, Nesterov, Adagrad, RMSprop, RMSPropNesterov, Adadelta, Adam):
    optimizers.add(_kind.rule.name, Named(_kind))


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
    return entry.kind(params, **entry.keywords(hyper))
