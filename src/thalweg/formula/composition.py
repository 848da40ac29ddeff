"""Composition: a rule with the options around it becomes one program, sentence by sentence."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

from thalweg.core.errors import InputError
from thalweg.formula.expression import TENSOR, Expression, Number, dot, in_order, scalar, tensor
from thalweg.formula.functions import sqrt
from thalweg.formula.option import Option
from thalweg.formula.program import COMPENSATION, ROUNDINGS, SHIFT, Program, compensated, product_name
from thalweg.formula.reciprocal import multiplied
from thalweg.formula.rule import Rule
from thalweg.formula.signature import Hyper
from thalweg.formula.trace import call


def compose(
    rule: Rule,
    options: Sequence[Option] = (),
    flags: Mapping[str, bool] | None = None,
    *,
    rounding: str = "nearest",
    scaled: bool = False,
) -> Program:
    """Return the program of `rule` with `options` around it, in the given order.

    For a rule with an interim point the stored parameter p IS that point: the program takes the shift back,
    ``theta = p - c v``, applies the rule and what acts after it to theta, and shifts again,
    ``p' = theta' + c' v'``, with c' the coefficient of this step; should it change before the next gradient,
    `Program.realign` moves p.

    Args:
        rule: The update.
        options: What is done to the gradient before it and to the parameter after it.
        flags: Settings of the rule's boolean switches; what is left out keeps its default.
        rounding: How a parameter of 16 bits is stored: ``nearest, stochastic`` or ``kahan``.
        scaled: Whether gradients come multiplied, to be multiplied by the row's ``unscale`` first.

    Returns:
        The composed graph; the same object for the same arguments.

    Raises:
        InputError: An option that does not suit the rule, or a sentence that cannot be traced.
    """
    settings = {**rule.flags, **(flags or {})}
    assert rounding in ROUNDINGS
    return _compose(rule, tuple(options), tuple(settings.items()), rounding, scaled)


@cache
def literal(rule: Rule) -> Program:
    """Return the program of `rule` as the book states it: ``p`` is theta, wherever the gradient was taken."""
    tensors, scalars = _say(rule, tensor("p"), tensor("g"), rule.flags)
    tensors = _changing(tensors)
    slots = tuple(slot for slot in rule.slots if slot in tensors)
    return Program(rule.name, slots, tensors, scalars, rule.scalars, rule.hypers, interim=interim(rule))


def interim(rule: Rule) -> tuple[Expression, Expression] | None:
    """Return the coefficient of the interim point, as an expression of hyper-parameters, and its slot."""
    if rule.interim is None:
        return None
    names = inspect.signature(rule.interim.coefficient).parameters
    return rule.interim.coefficient(*map(scalar, names)), tensor(rule.interim.slot)


@cache
def _compose(
    rule: Rule, options: tuple[Option, ...], flags: tuple[tuple[str, bool], ...], rounding: str, scaled: bool
) -> Program:
    between = interim(rule)
    p = tensor("p") + tensor(COMPENSATION) if rounding == "kahan" else tensor("p")
    theta = p - scalar(SHIFT) * between[1] if between else p
    g = _gradient(rule, options, p, scaled)
    tensors, scalars = _say(rule, theta, g, dict(flags))
    initial = {**rule.scalars}
    for option in (option for option in options if option.after):
        more, numbers = _around(option, theta, g, tensors["p"])
        tensors |= more
        scalars |= numbers
        initial |= option.scalars
    shows = [option.shows for option in options if option.shows]
    shown = tensor(shows[-1]) if shows else theta if between else None
    if between:
        tensors["p"] = tensors["p"] + between[0] * tensors[between[1].name]
        scalars[SHIFT], initial[SHIFT] = between[0], 0.0
    tensors = multiplied(_changing(compensated(tensors, rounding)))
    for node in _products(rule, (*tensors.values(), *scalars.values())):
        scalars[product_name(node)], initial[product_name(node)] = node, 1.0
    slots = [*rule.slots, *(slot for option in options for slot in option.slots), COMPENSATION]
    return Program(
        name=_title(rule, options, flags, rounding, scaled),
        slots=tuple(slot for slot in slots if slot in tensors),
        tensors=tensors,
        scalars=scalars,
        initial=initial,
        hypers={**rule.hypers, **{name: hyper for option in options for name, hyper in option.hypers.items()}},
        starts=rule.starts,
        theta=theta,
        interim=between,
        shown=shown,
        rounding=rounding,
        scaled=scaled,
    )


def _gradient(rule: Rule, options: Sequence[Option], p: Expression, scaled: bool) -> Expression:
    """The gradient as the rule receives it; penalties are of p, where it was taken."""
    g = raw = tensor("g") * scalar("unscale") if scaled else tensor("g")
    for option in options:
        if not option.suits(rule):
            raise InputError(
                f"The rule {rule.name} has a {option.name} of its own.",
                remedy=f"leave the option {option.name} out, or rename what the rule calls so",
            )
        if not option.after:
            given = {"norm": sqrt(dot(raw, raw, "member"))} if "norm" in option.given else {}
            (g,) = call(option.name, option.function, (p, g), _keywords(option.hypers, given), 1)
    return g


def _around(
    option: Option, theta: Expression, g: Expression, new: Expression
) -> tuple[dict[str, Expression], dict[str, Expression]]:
    """Say an option that acts after the rule: new tensors and new scalar states."""
    given: dict[str, Number] = {name: scalar(name) for name in option.given}
    states = [tensor(name) for name in option.slots] + [scalar(name) for name in option.scalars]
    names = ["p", *option.slots, *option.scalars]
    keywords = _keywords(option.hypers, given)
    values = call(option.name, option.function, (theta, g, new, *states), keywords, len(names))
    found = dict(zip(names, values, strict=True))
    return found, {name: found.pop(name) for name in option.scalars}


def _say(
    rule: Rule, theta: Expression, g: Expression, flags: Mapping[str, bool]
) -> tuple[dict[str, Expression], dict[str, Expression]]:
    """Say the rule's sentence with symbols: new tensors (``"p"`` and the slots) and new scalar states."""
    states = [tensor(name) for name in rule.slots] + [scalar(name) for name in rule.scalars]
    keywords = _keywords(rule.hypers, {"t": scalar("t")} if rule.uses_time else {})
    names = ["p", *rule.slots, *rule.scalars]
    new = call(f"The rule {rule.name}", rule.function, (theta, g, *states), {**keywords, **flags}, len(names))
    values = dict(zip(names, new, strict=True))
    for name, value in values.items():
        if value.level == TENSOR or value.elementwise == (name in rule.scalars):
            raise InputError(
                f"The rule {rule.name} returns the wrong kind of value for {name}.",
                got=repr(value),
                expected="an expression of scalars alone" if name in rule.scalars else "an expression of tensors",
            )
    return values, {name: values.pop(name) for name in rule.scalars}


def _keywords(hypers: Mapping[str, Hyper], given: Mapping[str, Number]) -> dict[str, Number]:
    return {**{name: scalar(name) for name in hypers}, **given}


def _changing(tensors: Mapping[str, Expression]) -> dict[str, Expression]:
    """Leave out the slots that are returned as they came and read by nothing else."""
    read = set(in_order(node for name, node in tensors.items() if node is not tensor(name)))
    return {
        name: node
        for name, node in tensors.items()
        if name == "p" or node is not tensor(name) or tensor(name) in read
    }


def _products(rule: Rule, outputs: Sequence[Expression]) -> tuple[Expression, ...]:
    """The running products of every setting of the flags: a state is the same whichever is set, now or later."""
    found = dict.fromkeys(in_order(outputs))
    for setting in product((False, True), repeat=len(rule.flags)):
        flags = dict(zip(rule.flags, setting, strict=True))
        tensors, scalars = _say(rule, tensor("p"), tensor("g"), flags)
        found.update(dict.fromkeys(in_order([*tensors.values(), *scalars.values()])))
    return tuple(node for node in found if node.op == "product")


def _title(
    rule: Rule, options: Sequence[Option], flags: Sequence[tuple[str, bool]], rounding: str, scaled: bool
) -> str:
    parts = [rule.name, *(f"{name}={on:d}" for name, on in flags), *(option.name for option in options)]
    return "+".join([*parts, *([] if rounding == "nearest" else [rounding]), *(["scaled"] if scaled else [])])
