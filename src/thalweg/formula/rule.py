"""Rule: a textbook update, read from the signature of a plain function."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from thalweg.core.errors import InputError
from thalweg.formula.expression import Expression
from thalweg.formula.signature import Hyper, Signature, read, title

Update = Expression | tuple[Expression | float, ...]


@dataclass(frozen=True)
class Interim:
    """Where the gradient belongs: at ``theta + coefficient * slot``.

    Attributes:
        coefficient: A function of hyper-parameters, by their names.
        slot: The state that points from theta to the interim point.
    """

    coefficient: Callable[..., Expression]
    slot: str


@dataclass(frozen=True, eq=False)
class Rule:
    """An elementwise update ``p, g, state, t, hyper-parameters -> p, state``, written once.

    Attributes:
        name: Its registry name, the function's with hyphens.
        function: The sentence itself; call it with symbols.
        reference: Where it is stated, with the equation or algorithm number.
        slots: Names of the tensor states, each as large as the parameter.
        scalars: Names and initial values of the scalar states, one number a row.
        hypers: Declared hyper-parameters by name.
        starts: Slot -> the hyper-parameter that its elements start at; the others start at zero.
        flags: Boolean switches with their defaults; each setting is a rule of its own, and a slot that a
            setting returns as it came does not exist in it.
        interim: Where the gradient is to be evaluated, if not at the parameter.
        search: The interval of ``lr`` worth searching, log-uniform.
        uses_time: Whether it reads the step count ``t`` (1 at the first update).
    """

    name: str
    function: Callable[..., Update]
    reference: str
    slots: tuple[str, ...]
    scalars: Mapping[str, float]
    hypers: Mapping[str, Hyper]
    starts: Mapping[str, str] = field(default_factory=dict[str, str])
    flags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    interim: Interim | None = None
    search: tuple[float, float] = (1e-4, 1.0)
    uses_time: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or self.name).strip().splitlines()[0]


def rule(
    *,
    reference: str,
    interim: tuple[Callable[..., Expression] | str, str] | None = None,
    search: tuple[float, float] = (1e-4, 1.0),
) -> Callable[[Callable[..., Update]], Rule]:
    """Declare the decorated function to be an update rule.

    Its positional parameters are the parameter, the gradient and the state slots (a slot annotated `Scalar`
    is one number a row); its keyword parameters are hyper-parameters with a default and an annotated
    interval, boolean flags, and ``t`` for the step count. It returns the new parameter and the new states.

    Args:
        reference: Where the rule is stated, with the equation or algorithm number.
        interim: ``(coefficient, slot)`` if the gradient belongs to the interim point theta + coefficient * slot;
            the coefficient is a hyper-parameter or a function of some, such as ``lambda beta: 1 - beta``.
        search: The interval of ``lr`` worth searching.

    Returns:
        A decorator that gives a `Rule`.

    Raises:
        InputError: The signature is not one of a rule, or uses a name that has another meaning; the interim point
            is made of what the rule does not declare.

    Example:
        >>> from thalweg.formula import NonNegative, Tensor, rule, sign
        >>> @rule(reference="Riedmiller & Braun 1993, without the adaptation")
        ... def sign_descent(p: Tensor, g: Tensor, *, lr: NonNegative = 0.01):
        ...     return p - lr * sign(g)
        >>> sign_descent.name, list(sign_descent.hypers)
        ('sign-descent', ['lr'])
    """

    def declare(function: Callable[..., Update]) -> Rule:
        declared = read(function, first=2, given=("t",))
        return Rule(
            name=title(function),
            function=function,
            reference=reference,
            slots=declared.slots,
            scalars=declared.scalars,
            hypers=declared.hypers,
            starts=declared.starts,
            flags=declared.flags,
            interim=_interim(interim, declared),
            search=search,
            uses_time="t" in declared.given,
        )

    return declare


def _interim(given: tuple[Callable[..., Expression] | str, str] | None, declared: Signature) -> Interim | None:
    if given is None:
        return None
    coefficient, slot = given
    names = [coefficient] if isinstance(coefficient, str) else list(inspect.signature(coefficient).parameters)
    if slot not in declared.slots or not set(names) <= declared.hypers.keys():
        raise InputError(
            "An interim point is made of a hyper-parameter and a state that the rule does not have.",
            got=f"interim=({', '.join(names)}; {slot})",
            expected=f"of {', '.join(declared.hypers) or 'no hyper-parameter'}, then of"
            f" {', '.join(declared.slots) or 'no state'}",
            remedy='write interim=("alpha", "v"), or a function of hyper-parameters in place of "alpha"',
        )
    if not isinstance(coefficient, str):
        return Interim(coefficient, slot)
    scope: dict[str, Callable[..., Expression]] = {}
    exec(f"def coefficient({coefficient}): return {coefficient}", scope)
    return Interim(scope["coefficient"], slot)


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
