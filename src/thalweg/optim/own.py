"""A rule of the user's own: ten lines that become an optimizer class with all that the others have."""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import Parameter, Signature
from itertools import product
from typing import Any, cast, overload

from thalweg.core.errors import InputError, InputTypeError
from thalweg.formula import Expression, Rule, Update, compose
from thalweg.formula import rule as declare
from thalweg.formula.expression import in_order
from thalweg.optim.form import Form
from thalweg.optim.names import Named, optimizers
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.options import MANNERS, Options
from thalweg.optim.params import Params
from thalweg.rules import options

TAKEN = {"self", "params", "param_names", "options", "decoupled_weight_decay", *MANNERS} | {
    option.name for option in options if option.name != "weight_decay"
}
"""Keywords and keys of a group that every optimizer has; a rule may have a weight decay of its own."""


class Own(RuleOptimizer):
    """Base of the optimizers that `rule` makes: the sentence says which settings there are.

    Args:
        params: Parameters, named parameters or groups.
        settings: Hyper-parameters and flags of the rule by its symbols, and what goes around it; see `Options`.
    """

    def __init__(self, params: Params, **settings: Any) -> None:
        made = self.forms[0].rule
        own: dict[str, Any] = {name: settings.pop(name, hyper.default) for name, hyper in made.hypers.items()}
        own |= {name: settings.pop(name, default) for name, default in made.flags.items()}
        super().__init__(params, own, cast(Options, settings))


@overload
def rule(function: Callable[..., Update], /) -> type[Own]: ...


@overload
def rule(
    *,
    reference: str = "",
    interim: tuple[Callable[..., Expression] | str, str] | None = None,
    search: tuple[float, float] = (1e-4, 1.0),
) -> Callable[[Callable[..., Update]], type[Own]]: ...


def rule(
    function: Callable[..., Update] | None = None,
    /,
    *,
    reference: str = "",
    interim: tuple[Callable[..., Expression] | str, str] | None = None,
    search: tuple[float, float] = (1e-4, 1.0),
) -> type[Own] | Callable[[Callable[..., Update]], type[Own]]:
    """Make an optimizer of the decorated function, which states an update rule.

    Its positional parameters are the parameter, the gradient and the states, as large as the parameter and zero at
    first (``n: Scalar = 0.0`` is one number). After ``*`` come ``lr`` and other hyper-parameters with a default,
    whose annotation says their range, flags (``warm: bool = False``), and ``t``, the step count from 1. It returns
    the new parameter and the new states, by arithmetic, comparisons and the functions of `thalweg.formula`.

    Args:
        function: The function, where ``@rule`` stands without parentheses.
        reference: Where the rule is stated.
        interim: ``(coefficient, slot)`` if the gradient belongs to the point p + coefficient * slot.
        search: The interval of ``lr`` that `compare` searches.

    Returns:
        A decorator that gives an optimizer class: compiled, with every option of `thalweg.optim`, and known to
        `fit` and `compare` by the function's name with hyphens. Its ``forms[0].rule`` is the `Rule`, which
        `thalweg.formula.latex`, the oracle and `compose` go on from.

    Raises:
        InputError: The signature is not one of a rule, the name is taken, or a hyper-parameter has no effect.
        InputTypeError: What is decorated is no function, or it does what cannot be traced, such as an ``if`` on a
            tensor; the message names the line.

    Example:
        >>> import torch
        >>> from thalweg.formula import Fraction, NonNegative, sign
        >>> @rule(reference="Bernstein et al. 2018, Algorithm 1 (signum)")
        ... def signum(p, g, m, *, lr: NonNegative = 1e-3, beta: Fraction = 0.9):
        ...     m = beta * m + (1 - beta) * g
        ...     return p - lr * sign(m), m
        >>> p = torch.nn.Parameter(torch.ones(2)); p.grad = torch.tensor([3.0, -0.1])
        >>> signum([p], lr=0.25, decoupled_decay=1.0).step(); p.tolist()
        [0.5, 1.0]
    """

    def make(function: Callable[..., Update]) -> type[Own]:
        if not getattr(function, "__name__", "").isidentifier():  # a lambda's is not
            raise InputTypeError(
                "A rule is a function with a name.",
                got=repr(function),
                expected="@thalweg.rule(reference=...) above def my_rule(p, g, *, lr=0.1)",
            )
        made = declare(reference=reference, interim=interim, search=search)(function)
        compose(made)  # what cannot be traced is to be said where it is written
        _check(made)
        kind = _class_of(made)
        _register(made.name, kind)
        return kind

    return make if function is None else make(function)


def _check(made: Rule) -> None:
    """Refuse what would fail late: in a search, under a schedule, beside an option.

    Raises:
        InputError: No ``lr``, a default out of its range, an unusable `search`, a name that every optimizer has, a
            hyper-parameter without effect.
    """
    low, high = made.search
    if "lr" not in made.hypers:
        raise InputError(f"The rule {made.name} has no lr.", got=", ".join(made.hypers), expected="a keyword lr")
    if not 0 < low < high < math.inf:
        raise InputError(
            f"The search range of {made.name} is unusable.", got=made.search, expected="0 < low < high"
        )
    for name, hyper in made.hypers.items():
        hyper.interval.check(f"the default of {name} of the rule {made.name}", hyper.default)
    taken = TAKEN & {*made.hypers, *made.flags}
    if taken:
        raise InputError(
            f"{min(taken)} of the rule {made.name} is a name that every optimizer has, and would hide it.",
            remedy="give it another name",
        )
    idle = made.hypers.keys() - _read(made)
    if idle:
        raise InputError(
            f"{min(idle)} of the rule {made.name} has no effect.",
            expected="a hyper-parameter that the new parameter or a new state is computed from",
            remedy="use it or leave it out",
        )


def _read(made: Rule) -> set[str]:
    """The names that the rule reads under one setting of its flags or another."""
    found = set(made.starts.values())
    for setting in product((False, True), repeat=len(made.flags)):
        program = compose(made, flags=dict(zip(made.flags, setting, strict=True)))
        nodes = in_order([*program.tensors.values(), *program.scalars.values()])
        found |= {node.name for node in nodes if node.op == "input"}
    return found


def _class_of(made: Rule) -> type[Own]:
    function = made.function
    names: dict[str, Any] = {
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
    }
    defaults = {name: hyper.default for name, hyper in made.hypers.items()} | dict(made.flags)
    shown = [
        Parameter("params", Parameter.POSITIONAL_OR_KEYWORD),
        *(Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()),
        Parameter("options", Parameter.VAR_KEYWORD),
    ]
    names |= {"forms": (Form(made),), "__signature__": Signature(shown)}
    return type(function.__name__, (Own,), names)


def _register(name: str, kind: type[Own]) -> None:
    if name in optimizers and optimizers[name].kind.__name__ != name.replace("-", "_"):  # none of ours is so named
        raise InputError(f"There is an optimizer {name} already.", remedy="give the function another name")
    optimizers.put(name, Named(kind, kind.forms[0]))
