"""Symbolic tensors and scalars: arithmetic on them builds a graph whose equal parts are one and the same node."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterable
from weakref import WeakValueDictionary

from thalweg.core.errors import InputError, InputTypeError

LEAVES = ("input", "constant")
COMPARISONS = ("lt", "le", "gt", "ge")

ROW, TENSOR, ELEMENT = 0, 1, 2
"""How far a value reaches: all tensors of a row share it, all elements of one tensor, or none."""


class Expression:
    """A node: an operation, its arguments, and how far its value reaches.

    Nodes are interned, so that writing the same sub-expression twice gives one node and it is computed once.
    Build leaves with `tensor`, `scalar` and `constant`; the rest comes from arithmetic.

    Attributes:
        op: ``input, constant, neg, sqrt, abs, exp, log, add, sub, mul, div, pow, product, where, stored, dot`` or
            a comparison ``lt, le, gt, ge``.
        args: The nodes it is computed from.
        payload: The name of an input, the value of a constant, the scope of a dot product.
        level: `ROW` if it depends on scalars alone, `TENSOR` if also on sums over a tensor, else `ELEMENT`.
    """

    __slots__ = ("__weakref__", "args", "level", "op", "payload")

    op: str
    args: tuple[Expression, ...]
    payload: str | float | None
    level: int

    @property
    def elementwise(self) -> bool:
        """True if its value differs from element to element."""
        return self.level == ELEMENT

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
        return make_node("add", self, other)

    def __radd__(self, other: Number) -> Expression:
        return make_node("add", other, self)

    def __sub__(self, other: Number) -> Expression:
        return make_node("sub", self, other)

    def __rsub__(self, other: Number) -> Expression:
        return make_node("sub", other, self)

    def __mul__(self, other: Number) -> Expression:
        return make_node("mul", self, other)

    def __rmul__(self, other: Number) -> Expression:
        return make_node("mul", other, self)

    def __truediv__(self, other: Number) -> Expression:
        return make_node("div", self, other)

    def __rtruediv__(self, other: Number) -> Expression:
        return make_node("div", other, self)

    def __neg__(self) -> Expression:
        return make_node("neg", self)

    def __abs__(self) -> Expression:
        return make_node("abs", self)

    def __lt__(self, other: Number) -> Expression:
        return make_node("lt", self, other)

    def __le__(self, other: Number) -> Expression:
        return make_node("le", self, other)

    def __gt__(self, other: Number) -> Expression:
        return make_node("gt", self, other)

    def __ge__(self, other: Number) -> Expression:
        return make_node("ge", self, other)

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

    def __float__(self) -> float:
        line = traceback.extract_stack(limit=2)[0]
        raise InputTypeError(
            f"A rule takes the number of a symbolic value ({line.filename}, line {line.lineno}).",
            got=line.line,
            expected="functions of thalweg.formula, such as sqrt, not those of math, numpy or torch",
        )

    def __repr__(self) -> str:
        if self.op in LEAVES:
            return str(self.payload)
        return f"{self.op}({', '.join(map(repr, self.args))})"


Number = Expression | float
Tensor = Expression

_nodes: WeakValueDictionary[tuple[object, ...], Expression] = WeakValueDictionary()
_interning = threading.Lock()


def _make(op: str, args: tuple[Expression, ...], payload: str | float | None, level: int) -> Expression:
    key = (op, args, repr(payload), level)
    with _interning:
        node = _nodes.get(key)
        if node is None:
            node = Expression()
            node.op, node.args, node.payload, node.level = op, args, payload, level
            _nodes[key] = node
    return node


def make_node(op: str, *args: Number) -> Expression:
    """Return the node of an operation; its level is the highest of its arguments'."""
    nodes = tuple(as_expression(arg) for arg in args)
    answer = next((node for node in nodes[op == "where" :] if node.boolean), None)
    if answer is not None:
        raise InputTypeError(
            "A rule calculates with the answer of a comparison.",
            got=repr(answer),
            expected="a number",
            remedy="write where(condition, 1.0, 0.0)",
        )
    return _make(op, nodes, None, max(node.level for node in nodes))


def rebuilt(node: Expression, args: tuple[Expression, ...]) -> Expression:
    """Return the same operation on other arguments of the same levels."""
    return _make(node.op, args, node.payload, node.level)


def tensor(name: str) -> Expression:
    """Return the symbol of a tensor: its value differs from element to element."""
    return _make("input", (), name, ELEMENT)


def scalar(name: str) -> Expression:
    """Return the symbol of a number that a whole row shares."""
    return _make("input", (), name, ROW)


def constant(value: float) -> Expression:
    """Return a literal number."""
    return _make("constant", (), float(value), ROW)


def size() -> Expression:
    """Return the number of elements of the tensor."""
    return _make("input", (), "size", TENSOR)


def dot(x: Number, y: Number, scope: str = "tensor") -> Expression:
    """Return the sum of ``x * y`` over the elements of a tensor, products and sum in float64.

    Args:
        x: An expression of tensors.
        y: Another, or a number.
        scope: ``"tensor"``, or ``"member"`` for all tensors of one model together.
    """
    nodes = as_expression(x), as_expression(y)
    if not (nodes[0].elementwise and (nodes[1].elementwise or nodes[1].op == "constant")):
        raise InputError("A rule sums up something that is no tensor.", got=f"dot{nodes}")
    return _make("dot", nodes, scope, TENSOR)


def stored(x: Expression) -> Expression:
    """Return what is left of `x` when it is written to the parameter: rounded to its dtype."""
    return _make("stored", (x,), None, ELEMENT)


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
        if exponent is scalar("t") and base.level == ROW:
            return make_node("product", base)
    elif exponent in (1, 2, 3, 4):
        result = base
        for _ in range(int(exponent) - 1):
            result = result * base
        return result
    return scalar_only("pow", base, exponent)


def scalar_only(op: str, *args: Number) -> Expression:
    """Return the node of an operation that only scalars of a row have."""
    node = make_node(op, *args)
    if node.level != ROW:
        raise InputError(
            f"A rule uses {op} of a tensor.",
            got=repr(node),
            expected="exp, log and real powers of scalars; of tensors the powers 1, 2, 3, 4",
            remedy="rewrite it with products, sqrt and division, which are the same on every backend",
        )
    return node


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
