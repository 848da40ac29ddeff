"""Carry: what an optimizer remembers of the old model's weights, brought to those of the grown one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.formula.program import COMPENSATION, SHIFT
from thalweg.grow.growth import Growth, Origin
from thalweg.grow.response import PARAMETER, Response, responses
from thalweg.optim import Routed, RuleOptimizer
from thalweg.optim.state import STASH

Own = Mapping[str, Any]


@torch.no_grad()
def carry(growth: Growth, optimizer: torch.optim.Optimizer, grown: torch.optim.Optimizer) -> list[str]:
    """Give the optimizer of a grown model the state that the old model's had.

    A unit that is copied c times has, by the chain rule, copies of which each gets 1/c of the gradient of the
    weights that make it, while those that read it get the whole. So a slot that grows with the power d of the
    gradient is divided by c^d for the former (a velocity or first moment by c, a second moment by c^2), and copied
    for the latter; an average of parameters goes as they do. Which power a slot has is found by trying the rule
    (`responses`). The state is then what it would have become had the grown model seen the same gradients from the
    start, for slots that follow from gradients alone. Step counts are kept; a new layer starts without state.

    The next step is the old one in this sense: it moves theta by the same mapping. With plain gradients the
    weights that make a copy move 1/c as far, and those that read it as far as before, so that together they move
    c times as far; a rule that normalizes its steps, such as Adam, moves all of them as far as before. A lower
    learning rate than the old may be needed.

    Args:
        growth: What `widen` or `deepen` returned, grown while the old model was at its point of training.
        optimizer: Over the parameters of ``growth.source``; it stays as it was.
        grown: Of the same kind, over those of ``growth.model``; it must not have stepped yet.

    Returns:
        The weights that had a state which could not be brought over: they begin anew.

    Raises:
        InputError: The optimizers are not of one kind, or the old one is on its evaluation side.

    Example:
        >>> from torch import nn
        >>> from thalweg.grow.wider import widen
        >>> net, x = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), torch.ones(1, 4)
        >>> old = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        >>> net(x).sum().backward(); old.step()
        >>> growth = widen(net, "0", 16, x)
        >>> new = torch.optim.SGD(growth.model.parameters(), lr=0.1, momentum=0.9)
        >>> carry(growth, old, new)
        []
        >>> before = old.state[net[0].weight]["momentum_buffer"]
        >>> torch.equal(new.state[growth.model[0].weight]["momentum_buffer"][::2], before / 2)
        True

    Reference:
        The mapping of weights: Chen, Goodfellow & Shlens 2016, section 2.3. The paper starts its optimizer anew.
    """
    known = _states(growth, optimizer)
    names = {id(p): name for name, p in growth.model.named_parameters()}
    lost: list[str] = []
    for member, group in _groups(grown):
        for p in group["params"]:
            origin = growth.origins.get(names.get(id(p), ""))
            if origin is None or origin.name not in known:
                continue
            kind, old, own, laws = known[origin.name]
            if kind is not type(member):
                raise InputError(
                    "The optimizer of the grown model is of another kind.",
                    got=type(member).__name__,
                    expected=kind.__name__,
                )
            state = _mapped(origin, old, own, laws)
            if state is None:
                lost.append(names[id(p)])
                continue
            _shift(member, origin, p, own, state)
            member.state[p] = state
    return lost


_Known = tuple[type[torch.optim.Optimizer], Tensor, Own, Mapping[str, Response]]


def _states(growth: Growth, optimizer: torch.optim.Optimizer) -> dict[str, _Known]:
    """By the name of a parameter of the old model: whose it is, itself, its state and the laws of its slots."""
    names = {id(p): name for name, p in growth.source.named_parameters()}
    found: dict[str, _Known] = {}
    for member, group in _groups(optimizer):
        stepped = [p for p in group["params"] if member.state.get(p)]
        if any(STASH in member.state[p] for p in stepped):
            raise InputError(
                "The optimizer holds theta or an average in the place of the parameters.",
                remedy="call optimizer.train() before the model is grown",
            )
        full_batch = getattr(member, "full_batch", False) or isinstance(member, torch.optim.LBFGS)
        laws = responses(member, group) if stepped and not full_batch else {}
        for p in stepped:
            if id(p) not in names:
                raise InputError("The optimizer has a parameter that is none of the old model's.")
            found[names[id(p)]] = type(member), p, member.state[p], laws
    return found


def _groups(optimizer: torch.optim.Optimizer) -> Iterator[tuple[torch.optim.Optimizer, dict[str, Any]]]:
    for member in optimizer.optimizers if isinstance(optimizer, Routed) else (optimizer,):
        for group in member.param_groups:
            yield member, group


def _mapped(origin: Origin, old: Tensor, own: Own, laws: Mapping[str, Response]) -> dict[str, Any] | None:
    """The state of a grown parameter; ``None`` if a slot of the old one follows no law."""
    state: dict[str, Any] = {}
    for key, value in own.items():
        law = laws.get(key)
        if not isinstance(value, Tensor):
            state[key] = value
        elif not origin.expansions:
            state[key] = value.clone()
        elif law is not None and value.shape == old.shape:
            state[key] = origin.value(value) if law == PARAMETER else origin.gradient(value, float(law))
        elif value.ndim == 0:
            state[key] = value.clone()
        elif key != COMPENSATION:  # what rounding took away begins at nothing
            return None
    return state


def _shift(member: torch.optim.Optimizer, origin: Origin, p: Tensor, own: Own, state: Own) -> None:
    """Move a parameter that stands at an interim point from the grown old point to that of the grown theta.

    ``p = theta + c v``: growing took p as a whole for a weight, but v is mapped as a gradient.
    """
    if not (isinstance(member, RuleOptimizer) and member.rule.interim and SHIFT in own):
        return
    slot = member.form.state_key(member.rule.interim.slot)
    p += float(own[SHIFT]) * (state[slot] - origin.value(own[slot])).to(p.dtype)
