"""Rule: a textbook update, read from the signature of a plain function."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_type_hints

from thalweg.core.errors import InputError
from thalweg.formula.expression import Expression
from thalweg.formula.interval import Interval

RESERVED = ("t", "norm", "step", "interim", "shift")
"""Names that no state and no hyper-parameter can have: what a row and a saved state keep beside them."""

Update = Expression | tuple[Expression, ...]
Scalar = Annotated[Expression | float, "state of a row"]
"""Annotation of a state that a whole row shares: one number, not a tensor. Its default is its initial value."""


@dataclass(frozen=True)
class Hyper:
    """A declared hyper-parameter: name, default and the interval in which it makes sense."""

    name: str
    default: float
    interval: Interval


@dataclass(frozen=True, eq=False)
class Rule:
    """An elementwise update ``p, g, state, t, hyper-parameters -> p, state``, written once.

    Attributes:
        name: Its registry name, the function's with hyphens.
        function: The sentence itself; call it with symbols.
        reference: Where it is stated, with the equation or algorithm number.
        slots: Names of the tensor states, each as large as the parameter, starting at zero.
        scalars: Names and initial values of the scalar states, one number a row.
        hypers: Declared hyper-parameters by name.
        flags: Boolean switches with their defaults; each setting is a rule of its own.
        interim: ``(coefficient, slot)`` if the gradient is to be evaluated at ``theta + coefficient * slot``.
        search: The interval of ``lr`` worth searching, log-uniform.
        uses_time: Whether it reads the step count ``t`` (1 at the first update).
    """

    name: str
    function: Callable[..., Update]
    reference: str
    slots: tuple[str, ...]
    scalars: Mapping[str, float]
    hypers: Mapping[str, Hyper]
    flags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    interim: tuple[str, str] | None = None
    search: tuple[float, float] = (1e-4, 1.0)
    uses_time: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or self.name).strip().splitlines()[0]


def rule(
    *, reference: str, interim: tuple[str, str] | None = None, search: tuple[float, float] = (1e-4, 1.0)
) -> Callable[[Callable[..., Update]], Rule]:
    """Declare the decorated function to be an update rule.

    Its positional parameters are the parameter, the gradient and the state slots (a slot annotated `Scalar`
    is one number a row); its keyword parameters are hyper-parameters with a default and an annotated
    interval, boolean flags, and ``t`` for the step count. It returns the new parameter and the new states.

    Args:
        reference: Where the rule is stated, with the equation or algorithm number.
        interim: ``(coefficient, slot)`` if the gradient belongs to the interim point theta + coefficient * slot.
        search: The interval of ``lr`` worth searching.

    Returns:
        A decorator that gives a `Rule`.

    Raises:
        InputError: The signature is not one of a rule, or uses a name that has another meaning.

    Example:
        >>> from thalweg.formula import NonNegative, Tensor, rule, sign
        >>> @rule(reference="Riedmiller & Braun 1993, without the adaptation")
        ... def sign_descent(p: Tensor, g: Tensor, *, lr: NonNegative = 0.01):
        ...     return p - lr * sign(g)
        >>> sign_descent.name, list(sign_descent.hypers)
        ('sign-descent', ['lr'])
    """
    return lambda function: _read(function, reference, interim, search)


def read_hyper(function: Callable[..., object]) -> dict[str, Hyper]:
    """Return the hyper-parameters that the keyword parameters of `function` declare."""
    hints = get_type_hints(function, include_extras=True)
    found: dict[str, Hyper] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY or hints.get(name) is bool or name in ("t", "norm"):
            continue
        notes = get_args(hints.get(name, Any))[1:]
        interval = next((note for note in notes if isinstance(note, Interval)), Interval())
        found[name] = Hyper(name, float(_default(function, parameter)), interval)
    return found


def _read(
    function: Callable[..., Update],
    reference: str,
    interim: tuple[str, str] | None,
    search: tuple[float, float],
) -> Rule:
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    positional = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]
    if len(positional) < 2 or any(p.kind is p.VAR_POSITIONAL or p.kind is p.VAR_KEYWORD for p in positional):
        raise InputError(
            f"{_name(function)} has not the signature of a rule.",
            got=str(inspect.signature(function)),
            expected="(p, g, *states, *, hyper-parameters with defaults)",
        )
    states = positional[2:]
    _refuse_reserved(function, states, [p for p in parameters.values() if p.kind is p.KEYWORD_ONLY])
    scalars = {p.name: float(_default(function, p)) for p in states if hints.get(p.name) == Scalar}
    return Rule(
        name=_name(function),
        function=function,
        reference=reference,
        slots=tuple(p.name for p in states if p.name not in scalars),
        scalars=scalars,
        hypers=read_hyper(function),
        flags={name: bool(_default(function, p)) for name, p in parameters.items() if hints.get(name) is bool},
        interim=interim,
        search=search,
        uses_time="t" in parameters,
    )


def _refuse_reserved(
    function: Callable[..., object], states: Sequence[inspect.Parameter], keywords: Sequence[inspect.Parameter]
) -> None:
    taken = [p.name for p in states if p.name in (*RESERVED, "p", "g")]
    taken += [p.name for p in keywords if p.name in RESERVED and (p.name != "t" or p.default is not p.empty)]
    if taken:
        raise InputError(
            f"{taken[0]!r} cannot be a state or hyper-parameter of the rule {_name(function)}.",
            got=str(inspect.signature(function)),
            expected=f"other names than {', '.join(RESERVED)}; p and g are the parameter and its gradient",
            remedy="rename it; the step count is the keyword t without a default",
        )


def _default(function: Callable[..., object], parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        raise InputError(f"{parameter.name!r} of the rule {_name(function)} has no default.")
    return parameter.default


def text(rule: Rule) -> str:
    """Return the rule as it was written, the docstring left out.

    Example:
        >>> from thalweg.rules import sgd
        >>> print(text(sgd))
        def sgd(p, g, *, lr=0.001):
            return p - lr * g
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule.function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list, tree.returns = [], None
    for argument in (*tree.args.args, *tree.args.kwonlyargs):
        argument.annotation = None
    if ast.get_docstring(tree):
        del tree.body[0]
    return ast.unparse(tree)


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", "rule").replace("_", "-")
