"""Program: a rule with its options composed into one graph, ready for the oracle and for every lowering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

from thalweg.core.errors import InputError
from thalweg.formula.expression import Expression, as_expression, in_order, scalar, tensor
from thalweg.formula.option import Option
from thalweg.formula.rule import Hyper, Rule

SHIFT = "shift"
"""The scalar state c of a rule with an interim point: the stored parameter is theta + c * slot."""


@dataclass(frozen=True, eq=False)
class Program:
    """New values of the parameter, the slots and the scalar states, as expressions of the old ones.

    Attributes:
        name: What it computes, for file names and messages.
        slots: Names of the state tensors, in the order of the rule.
        tensors: Name -> new value, for ``"p"`` and the slots.
        scalars: Name -> new value, for the scalar states of a row.
        initial: Name -> first value of each scalar state.
        hypers: Every hyper-parameter it reads.
        needs_norm: Whether it reads ``norm``, the global norm of the gradient.
    """

    name: str
    slots: tuple[str, ...]
    tensors: Mapping[str, Expression]
    scalars: Mapping[str, Expression]
    initial: Mapping[str, float]
    hypers: Mapping[str, Hyper]
    needs_norm: bool = False

    @cached_property
    def nodes(self) -> tuple[Expression, ...]:
        """The elementwise operations in order; leaves and scalars left out."""
        return tuple(n for n in in_order(self.tensors.values()) if n.elementwise and n.args)

    @cached_property
    def frontier(self) -> tuple[Expression, ...]:
        """The scalars that elementwise operations read: the numbers a kernel receives with each row."""
        found: dict[Expression, None] = {}
        for node in self.nodes:
            found.update(dict.fromkeys(arg for arg in node.args if not arg.elementwise))
        return tuple(found)


def compose(rule: Rule, options: Sequence[Option] = (), flags: Mapping[str, bool] | None = None) -> Program:
    """Return the program of `rule` with `options` applied to the gradient first, in the given order.

    For a rule with an interim point the stored parameter p IS that point: the program takes the shift back,
    ``theta = p - c v``, applies the rule to theta, and shifts again, ``p' = theta' + c' v'``, with c' the
    coefficient of this step; should the coefficient change before the next gradient, `realign` moves p.

    Args:
        rule: The update.
        options: What is done to the gradient before it.
        flags: Settings of the rule's boolean switches; what is left out keeps its default.

    Returns:
        The composed graph; the same object for the same arguments.
    """
    settings = {**rule.flags, **(flags or {})}
    return _compose(rule, tuple(options), tuple(settings.items()))


@cache
def literal(rule: Rule) -> Program:
    """Return the program of `rule` as the book states it: ``p`` is theta, wherever the gradient was taken."""
    tensors, scalars = _trace(rule, tensor("p"), tensor("g"), rule.flags)
    return Program(rule.name, rule.slots, tensors, scalars, rule.scalars, rule.hypers)


def _trace(
    rule: Rule, at: Expression, g: Expression, flags: Mapping[str, bool]
) -> tuple[dict[str, Expression], dict[str, Expression]]:
    """Say the sentence with symbols: new tensors (``"p"`` and the slots) and new scalar states."""
    states = [tensor(name) for name in rule.slots] + [scalar(name) for name in rule.scalars]
    keywords = {name: scalar(name) for name in [*rule.hypers, *(["t"] if rule.uses_time else [])]}
    result = rule.function(at, g, *states, **keywords, **flags)
    new = result if isinstance(result, tuple) else (result,)
    names = ["p", *rule.slots, *rule.scalars]
    if len(new) != len(names):
        raise InputError(
            f"The rule {rule.name} returns {len(new)} values.", expected=f"{len(names)}: {', '.join(names)}"
        )
    values = {name: as_expression(value) for name, value in zip(names, new, strict=True)}
    for name, value in values.items():
        if value.elementwise == (name in rule.scalars):
            raise InputError(
                f"The rule {rule.name} returns the wrong kind of value for {name}.",
                got=repr(value),
                expected="an expression of scalars alone" if value.elementwise else "an expression of tensors",
            )
    return values, {name: values.pop(name) for name in rule.scalars}


@cache
def _compose(rule: Rule, options: tuple[Option, ...], flags: tuple[tuple[str, bool], ...]) -> Program:
    p, g = tensor("p"), tensor("g")
    hypers = dict(rule.hypers)
    for option in options:
        if not option.suits(rule):
            raise InputError(
                f"The rule {rule.name} has a {option.name} of its own.",
                remedy=f"leave the option {option.name} out, or rename what the rule calls so",
            )
        hypers.update(option.hypers)
        norm = {"norm": scalar("norm")} if option.needs_norm else {}
        g = option.function(p, g, **{name: scalar(name) for name in option.hypers}, **norm)
    tensors, scalars = _trace(rule, theta(rule), g, dict(flags))
    initial = dict(rule.scalars)
    if rule.interim:
        coefficient, slot = rule.interim
        tensors["p"] = tensors["p"] + scalar(coefficient) * tensors[slot]
        scalars[SHIFT], initial[SHIFT] = scalar(coefficient), 0.0
    for node in _products(rule):
        scalars[product_name(node)], initial[product_name(node)] = node, 1.0
    title = "+".join([rule.name, *(f"{k}={v:d}" for k, v in flags), *(option.name for option in options)])
    needs_norm = any(option.needs_norm for option in options)
    return Program(title, rule.slots, tensors, scalars, initial, hypers, needs_norm)


@cache
def _products(rule: Rule) -> tuple[Expression, ...]:
    """The running products of every setting of the flags: a state is the same whichever is set, now or later."""
    found: dict[Expression, None] = {}
    for setting in product((False, True), repeat=len(rule.flags)):
        flags = dict(zip(rule.flags, setting, strict=True))
        tensors, scalars = _trace(rule, theta(rule), tensor("g"), flags)
        found.update(dict.fromkeys(in_order([*tensors.values(), *scalars.values()])))
    return tuple(node for node in found if node.op == "product")


def product_name(node: Expression) -> str:
    """Return the name of the scalar state that holds a running product, such as ``beta1^t``."""
    return f"{node.args[0]!r}^t"


def theta(rule: Rule) -> Expression:
    """Return the parameter that `rule` speaks of, as an expression of the stored one."""
    p = tensor("p")
    return p - scalar(SHIFT) * tensor(rule.interim[1]) if rule.interim else p


@cache
def unshift(rule: Rule) -> Program:
    """Return the program that puts theta in the place of the stored interim point; the state stays."""
    return Program(f"{rule.name}:unshift", rule.slots, {"p": theta(rule)}, {}, {SHIFT: 0.0}, {})


@cache
def realign(rule: Rule) -> Program:
    """Return the program that moves the stored point to the interim point of the present coefficient."""
    assert rule.interim
    coefficient, slot = rule.interim
    moved = theta(rule) + scalar(coefficient) * tensor(slot)
    new_shift = {SHIFT: scalar(coefficient)}
    return Program(f"{rule.name}:realign", rule.slots, {"p": moved}, new_shift, {SHIFT: 0.0}, rule.hypers)
