"""Foreign: an optimizer from elsewhere under a name, such as a class of ``torch.optim`` or of the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from math import nan
from typing import Any

import torch

from thalweg.core.errors import InputError, InputTypeError
from thalweg.formula import Bounds, Hyper
from thalweg.optim.params import Params

FINITE = Bounds(low_open=True, high_open=True)


@dataclass(frozen=True)
class Foreign:
    """What a registry name stands for: a class or function that makes an optimizer of parameters and numbers.

    Its hyper-parameters are the keywords that have a number or nothing for a default, its flags those that have a
    switch.

    Attributes:
        kind: The class or function.
        name: The registry name.
        span: The interval of ``lr`` worth searching, if one is known.

    Example:
        >>> entry = Foreign(torch.optim.Adadelta, "torch.Adadelta")
        >>> [*entry.hypers()], entry.flags["maximize"]
        (['lr', 'rho', 'eps', 'weight_decay'], False)
    """

    kind: Callable[..., Any]
    name: str
    span: tuple[float, float] | None = None

    @property
    def summary(self) -> str:
        """One line about it."""
        return f"{self.kind.__name__}: of {self.kind.__module__}"

    @property
    def reference(self) -> str:
        """Nothing: it states none."""
        return ""

    @property
    def search(self) -> tuple[float, float]:
        """The interval of ``lr`` worth searching, log-uniform.

        Raises:
            InputError: None is known.
        """
        if self.span is None:
            raise InputError(
                f"{self.name} says no range of its learning rate worth searching.",
                remedy=f"give one: search={{{self.name!r}: (1e-4, 1)}}, on the command line "
                f"--search {self.name}=1e-4:1, for a sweep --lr 1e-4:1",
            )
        return self.span

    @property
    def flags(self) -> dict[str, bool]:
        """Its switches with their defaults."""
        return {p.name: p.default for p in self._keywords() if isinstance(p.default, bool)}

    @property
    def meaning(self) -> dict[str, str]:
        """Nothing: its names speak for themselves."""
        return {}

    def hypers(self) -> dict[str, Hyper]:
        """Return its hyper-parameters, by the names that a Config uses; a default of NaN is none."""
        found: dict[str, Hyper] = {}
        for p in self._keywords():
            if p.kind is Parameter.VAR_KEYWORD:
                found.setdefault("lr", Hyper("lr", nan, FINITE))  # handed on to the class that it derives from
            elif p.default is Parameter.empty:
                found[p.name] = Hyper(p.name, nan, FINITE)
            elif isinstance(p.default, int | float) and not isinstance(p.default, bool):
                found[p.name] = Hyper(p.name, float(p.default), FINITE)
        return found

    def build(self, params: Params, hyper: Mapping[str, float | bool]) -> torch.optim.Optimizer:
        """Return the optimizer over `params`.

        Raises:
            InputError: A setting without a default is left open, or `step` needs a closure.
            InputTypeError: What is made is no optimizer.
        """
        try:
            signature(self.kind).bind(params, **hyper)
        except TypeError as error:
            raise InputError(
                f"{self.name} cannot be made of these settings.",
                got=f"{', '.join(hyper) or 'none'}: {error}",
                remedy="set what has no default, such as lr, or give it a default",
            ) from None
        optimizer = self.kind(params, **hyper)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise InputTypeError(
                f"{self.name} makes no optimizer.",
                got=f"an object of type {type(optimizer).__name__}",
                expected="a torch.optim.Optimizer",
            )
        require_plain_step(optimizer)
        return optimizer

    def _keywords(self) -> list[Parameter]:
        return [*signature(self.kind).parameters.values()][1:]


def require_plain_step(optimizer: torch.optim.Optimizer) -> None:
    """Refuse torch's LBFGS and its like, which evaluate the loss several times an update.

    Raises:
        InputError: Its `step` cannot be called without arguments.
    """
    needed = [
        name
        for name, parameter in signature(optimizer.step).parameters.items()
        if parameter.default is Parameter.empty
        and parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    ]
    if needed:
        raise InputError(
            f"The step of {type(optimizer).__name__} cannot be called without arguments.",
            got=f"step({', '.join(needed)})",
            expected="an optimizer that needs one gradient an update, of one mini-batch",
            remedy="choose another optimizer, such as torch.optim.Adam",
        )
