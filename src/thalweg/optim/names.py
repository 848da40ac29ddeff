"""The optimizers by name, with their hyper-parameters as plain numbers for Configs and searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.core.parameters import parameters
from thalweg.core.registry import Registry
from thalweg.formula import Hyper, Rule
from thalweg.optim import families
from thalweg.optim.foreign import Foreign
from thalweg.optim.form import Form
from thalweg.optim.method import Method
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.params import Params
from thalweg.optim.routing import MuonWithAdamW


@dataclass(frozen=True)
class Named:
    """What a registry name stands for: a rule, in one of the forms that its class has.

    Attributes:
        kind: The optimizer class.
        form: The rule with its names.
        fixed: Keywords of the class that the name stands for, such as ``form="book"``.
    """

    kind: type[RuleOptimizer]
    form: Form
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def rule(self) -> Rule:
        """The rule behind the name."""
        return self.form.rule

    @property
    def summary(self) -> str:
        """One line about it."""
        return self.rule.summary

    @property
    def reference(self) -> str:
        """Where it is stated."""
        return self.rule.reference

    @property
    def search(self) -> tuple[float, float]:
        """The interval of ``lr`` worth searching, log-uniform."""
        return self.rule.search

    @property
    def flags(self) -> dict[str, bool]:
        """Its switches with their defaults."""
        return self.form.flags | {option.name: False for option in self.form.options if not option.hypers}

    @property
    def meaning(self) -> dict[str, str]:
        """What options do, and which symbol of the rule a name stands for."""
        around = {o.name: (o.function.__doc__ or "").strip().splitlines()[0] for o in self.form.options}
        symbols = {name: f"{symbol} in the formula" for symbol, name in self.form.names.items()}
        return around | symbols

    def hypers(self) -> dict[str, Hyper]:
        """Return the hyper-parameters of the rule and its options, by the names that a Config uses.

        Example:
            >>> [*optimizers["adam"].hypers()][:4]
            ['lr', 'beta1', 'beta2', 'eps']
        """
        own: dict[str, Hyper] = {}
        for symbol, hyper in self.rule.hypers.items():
            key, index = self.form.key(symbol)
            own[key if index is None else symbol] = hyper  # the elements of a pair keep their own names
        around = {option.name: option.hypers[option.name] for option in self.form.options if option.hypers}
        given = parameters(self.kind).get("weight_decay")
        if given and "weight_decay" in around:
            around["weight_decay"] = replace(around["weight_decay"], default=given.default)
        return own | around

    def keywords(self, hyper: Mapping[str, float | bool]) -> dict[str, Any]:
        """Return the keywords of the class for settings by the names of `hypers` and `flags`.

        Example:
            >>> optimizers["adam"].keywords({"lr": 0.1, "beta2": 0.99})["betas"]
            (0.9, 0.99)
        """
        declared = {name: own.default for name, own in self.hypers().items()}
        values: dict[str, Any] = {**declared, **self.form.flags, **hyper}
        keywords: dict[str, Any] = {**self.fixed}
        pairs: dict[str, dict[int, float]] = {}
        for symbol in self.rule.hypers:
            key, index = self.form.key(symbol)
            if index is None:
                keywords[key] = values[key]
            else:
                pairs.setdefault(key, {})[index] = values[symbol]
        keywords |= {key: tuple(elements[i] for i in sorted(elements)) for key, elements in pairs.items()}
        keywords |= {name: values[name] for name in self.form.flags}
        return keywords | {name: value for name, value in hyper.items() if name in self._optional()}

    def _optional(self) -> set[str]:
        return {option.name for option in self.form.options}


@dataclass(frozen=True)
class NamedMethod:
    """What a registry name stands for: a method that is no elementwise rule.

    Attributes:
        kind: The optimizer class.
    """

    kind: type[Method] | type[MuonWithAdamW]

    @property
    def summary(self) -> str:
        """One line about it."""
        return (self.kind.__doc__ or "").strip().splitlines()[0]

    @property
    def reference(self) -> str:
        """Where it is stated."""
        return self.kind.reference

    @property
    def search(self) -> tuple[float, float]:
        """The interval of ``lr`` worth searching, log-uniform."""
        return self.kind.search

    @property
    def flags(self) -> dict[str, bool]:
        """Its switches with their defaults."""
        return dict(self.kind.flags)

    @property
    def meaning(self) -> dict[str, str]:
        """Nothing: its names speak for themselves."""
        return {}

    def hypers(self) -> dict[str, Hyper]:
        """Return its hyper-parameters, by the names that a Config uses."""
        return dict(self.kind.hypers)

    def keywords(self, hyper: Mapping[str, float | bool]) -> dict[str, Any]:
        """Return the keywords of the class for settings by the names of `hypers` and `flags`."""
        return self.kind.keywords(hyper)


optimizers: Registry[Named | NamedMethod | Foreign] = Registry("optimizer")
for _name, _kind, _form, _fixed in families.NAMES:
    optimizers.add(_name, Named(_kind, _form, _fixed))
for _name, _method in families.METHODS:
    optimizers.add(_name, NamedMethod(_method))


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


def build(
    name: str, params: Params, hyper: Mapping[str, float | bool], *, model: torch.nn.Module | None = None
) -> torch.optim.Optimizer:
    """Return the optimizer of this name over `params`.

    Args:
        name: A name in `optimizers`.
        params: As for any torch optimizer.
        hyper: Values by the names of `Named.hypers` and `Named.flags`; the rest is default.
        model: Whose parameters they are, for an optimizer that asks what a parameter is for (muon).

    Raises:
        UnknownNameError: No such optimizer or hyper-parameter; it gives the nearest names.
        OutOfRangeError: A value outside its interval.
        InputError: An optimizer that needs the model, without one.

    Example:
        >>> import torch
        >>> build("adam", [torch.nn.Parameter(torch.ones(2))], {"beta1": 0.8}).param_groups[0]["betas"]
        (0.8, 0.999)
    """
    check_hyper(name, hyper)
    entry = optimizers[name]
    if isinstance(entry, Foreign):
        return entry.build(params, hyper)
    if not issubclass(entry.kind, MuonWithAdamW):
        return entry.kind(params, **entry.keywords(hyper))
    if model is None:
        raise InputError(
            f"{name} has to know what each parameter is for.", remedy="pass model=, or take Muon itself"
        )
    return entry.kind(model, **entry.keywords(hyper))
