"""Reciprocal: what divides all elements by one number multiplies them by its reciprocal, taken once."""

from __future__ import annotations

from collections.abc import Mapping

from thalweg.formula.expression import ELEMENT, Expression, constant, in_order, make_node, rebuilt


def multiplied(outputs: Mapping[str, Expression]) -> dict[str, Expression]:
    """Return the same expressions with ``x * (1 / s)`` for ``x / s``, where x differs by element and s does not.

    The reciprocal is a number: taken in float64 and rounded once. A division is several times as slow as a
    product, and Adam's bias corrections are two of its three. The result may differ in the last place from
    that of the quotient; every backend computes this product, so that all agree.

    Example:
        >>> from thalweg.formula.expression import scalar, tensor
        >>> multiplied({"p": tensor("g") / scalar("lr") / tensor("v")})
        {'p': div(mul(g, div(1.0, lr)), v)}
    """
    new: dict[Expression, Expression] = {}
    for node in in_order(outputs.values()):
        args = tuple(new[arg] for arg in node.args)
        if node.op == "div" and args[0].level == ELEMENT and args[1].level != ELEMENT:
            new[node] = make_node("mul", args[0], make_node("div", constant(1.0), args[1]))
        else:
            new[node] = node if args == node.args else rebuilt(node, args)
    return {name: new[node] for name, node in outputs.items()}
