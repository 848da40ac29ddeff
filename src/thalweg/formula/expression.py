"""Symbolic tensors and scalars: arithmetic on them builds a graph whose equal parts are one and the same node."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterable
from weakref import WeakValueDictionary

from thalweg.core.errors import InputError, InputTypeError

LEAVES = ("input", "constant")
COMPARISONS = ("lt", "le", "gt", "ge")


class Expression:
    """A node: an operation, its arguments, and whether its value differs from element to element.

    Nodes are interned, so that writing the same sub-expression twice gives one node and it is computed once.
    Build leaves with `tensor`, `scalar` and `constant`; the rest comes from arithmetic.

    Attributes:
        op: ``input, constant, neg, sqrt, abs, exp, log, add, sub, mul, div, pow, product, where`` or a
            comparison ``lt, le, gt, ge``.
        args: The nodes it is computed from.
        payload: The name of an input, the value of a constant.
        elementwise: True if it depends on a tensor, False if on scalars alone.
    """

    __slots__ = ("__weakref__", "args", "elementwise", "op", "payload")

    op: str
    args: tuple[Expression, ...]
    payload: str | float | None
    elementwise: bool

    @property
    def name(self) -> str:
        """The name of an input."""
        assert isinstance(self.payload, str)
        return self.payload

    @property
    def boolean(self) -> bool:
        """True for the result of a comparison."""
        return self.op in COMPARISONS

    def __add__(self, other: Number) -> Expression:
        return _node("add", self, other)

    def __radd__(self, other: Number) -> Expression:
        return _node("add", other, self)

    def __sub__(self, other: Number) -> Expression:
        return _node("sub", self, other)

    def __rsub__(self, other: Number) -> Expression:
        return _node("sub", other, self)

    def __mul__(self, other: Number) -> Expression:
        return _node("mul", self, other)

    def __rmul__(self, other: Number) -> Expression:
        return _node("mul", other, self)

    def __truediv__(self, other: Number) -> Expression:
        return _node("div", self, other)

    def __rtruediv__(self, other: Number) -> Expression:
        return _node("div", other, self)

    def __neg__(self) -> Expression:
        return _node("neg", self)

    def __abs__(self) -> Expression:
        return _node("abs", self)

    def __lt__(self, other: Number) -> Expression:
        return _node("lt", self, other)

    def __le__(self, other: Number) -> Expression:
        return _node("le", self, other)

    def __gt__(self, other: Number) -> Expression:
        return _node("gt", self, other)

    def __ge__(self, other: Number) -> Expression:
        return _node("ge", self, other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (int, float)):
            raise InputTypeError(
                "A rule asks whether a symbolic value equals a number.",
                got=f"{self!r} == {other!r} (or !=)",
                expected="one of <= >= < >",
                remedy="write where(absolute(x) <= 0, a, b) to choose at zero",
            )
        return self is other  # of two nodes: so that sets, dicts and lists can hold them

    __hash__ = object.__hash__

    def __pow__(self, exponent: Number) -> Expression:
        return _power(self, exponent)

    def __rpow__(self, base: Number) -> Expression:
        return _power(as_expression(base), self)

    def __bool__(self) -> bool:
        line = traceback.extract_stack(limit=2)[0]
        raise InputTypeError(
            f"A rule cannot branch on a symbolic value ({line.filename}, line {line.lineno}).",
            got=line.line,
            expected="an expression whose form does not depend on values",
            remedy="write where(condition, a, b) in place of if, and/or, min or max",
        )

    def __repr__(self) -> str:
        if self.op in LEAVES:
            return str(self.payload)
        return f"{self.op}({', '.join(map(repr, self.args))})"


Number = Expression | float
Tensor = Expression

_nodes: WeakValueDictionary[tuple[object, ...], Expression] = WeakValueDictionary()
_interning = threading.Lock()


def _make(op: str, args: tuple[Expression, ...], payload: str | float | None, elementwise: bool) -> Expression:
    key = (op, args, repr(payload), elementwise)
    with _interning:
        node = _nodes.get(key)
        if node is None:
            node = Expression()
            node.op, node.args, node.payload, node.elementwise = op, args, payload, elementwise
            _nodes[key] = node
    return node


def _node(op: str, *args: Number) -> Expression:
    nodes = tuple(as_expression(arg) for arg in args)
    answer = next((node for node in nodes[op == "where" :] if node.boolean), None)
    if answer is not None:
        raise InputTypeError(
            "A rule calculates with the answer of a comparison.",
            got=repr(answer),
            expected="a number",
            remedy="write where(condition, 1.0, 0.0)",
        )
    return _make(op, nodes, None, any(node.elementwise for node in nodes))


def tensor(name: str) -> Expression:
    """Return the symbol of a tensor: its value differs from element to element."""
    return _make("input", (), name, True)


def scalar(name: str) -> Expression:
    """Return the symbol of a number that a whole row shares."""
    return _make("input", (), name, False)


def constant(value: float) -> Expression:
    """Return a literal number."""
    return _make("constant", (), float(value), False)


def as_expression(value: Number) -> Expression:
    """Return `value` as a node; anything but a node or a real number is an error."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]
        return constant(value)
    raise InputTypeError(
        "A rule combined a symbolic value with something that is no number.",
        got=type(value).__name__,
        expected="another symbolic value, an int or a float",
    )


def _power(base: Expression, exponent: Number) -> Expression:
    """``base ** t`` is the running product of base; a small integer is expanded; else scalars only."""
    if isinstance(exponent, Expression):
        if exponent is scalar("t") and not base.elementwise:
            return _node("product", base)
    elif exponent in (1, 2, 3, 4):
        result = base
        for _ in range(int(exponent) - 1):
            result = result * base
        return result
    return _scalar_only("pow", base, exponent)


def _scalar_only(op: str, *args: Number) -> Expression:
    node = _node(op, *args)
    if node.elementwise:
        raise InputError(
            f"A rule uses {op} of a tensor.",
            got=repr(node),
            expected="exp, log and real powers of scalars; of tensors the powers 1, 2, 3, 4",
            remedy="rewrite it with products, sqrt and division, which are the same on every backend",
        )
    return node


def sqrt(x: Number) -> Expression:
    """Return the square root, correctly rounded."""
    return _node("sqrt", x)


def absolute(x: Number) -> Expression:
    """Return ``|x|``."""
    return _node("abs", x)


def exp(x: Number) -> Expression:
    """Return e^x of a scalar."""
    return _scalar_only("exp", x)


def log(x: Number) -> Expression:
    """Return the natural logarithm of a scalar."""
    return _scalar_only("log", x)


def where(condition: Expression | bool, a: Number, b: Number) -> Expression:
    """Return `a` where the comparison holds, else `b`.

    Args:
        condition: A comparison of symbolic values; ``bool`` is in its type only because numbers that may be
            floats (`Number`) are compared too.
        a: The value where it holds.
        b: The value elsewhere.

    Raises:
        InputTypeError: The condition is no comparison: a number, a Python bool.
    """
    if not isinstance(condition, Expression) or not condition.boolean:
        raise InputTypeError(
            "where needs a comparison.",
            got=repr(condition),
            expected="one of <= >= < >, such as x < 0; not == or !=",
        )
    return _node("where", condition, a, b)


def sign(x: Number) -> Expression:
    """Return 1 for x > 0, -1 for x < 0, and x itself for 0, -0 and NaN."""
    x = as_expression(x)
    return where(x > 0, 1.0, where(x < 0, -1.0, x))


def minimum(a: Number, b: Number) -> Expression:
    """Return the smaller; `a` if they are equal or either is NaN."""
    return where(as_expression(b) < a, b, a)


def maximum(a: Number, b: Number) -> Expression:
    """Return the larger; `a` if they are equal or either is NaN."""
    return where(as_expression(b) > a, b, a)


def clip(x: Number, low: Number, high: Number) -> Expression:
    """Return x limited to [low, high]; NaN stays NaN."""
    return minimum(maximum(x, low), high)


def in_order(outputs: Iterable[Expression]) -> list[Expression]:
    """Return every node that `outputs` need, each once, arguments before results, in source order.

    Example:
        >>> x = tensor("x")
        >>> in_order([x * x + x])
        [x, mul(x, x), add(mul(x, x), x)]
    """
    seen: dict[Expression, None] = {}

    def visit(node: Expression) -> None:
        if node not in seen:
            for arg in node.args:
                visit(arg)
            seen[node] = None

    for output in outputs:
        visit(output)
    return list(seen)
