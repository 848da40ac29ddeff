"""Auto: an initializer for every layer, by what its output meets."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import nn

from thalweg.core.errors import ModelError
from thalweg.init.choices import Choice, Choices
from thalweg.init.flow import Node, follow, has_gain
from thalweg.init.glorot import glorot_
from thalweg.init.he import he_
from thalweg.init.layers import NORMALIZATIONS, Layer, fans, layers
from thalweg.init.meeting import Kind, Meeting, first_meeting
from thalweg.init.rehearsal import Example
from thalweg.init.residual import branches
from thalweg.init.unit_gain import unit_gain
from thalweg.init.xavier import xavier_

_GLOROT = {"tanh": 1.0, "sigmoid": 4.0}
_FUNCTIONS = {"he": he_, "glorot": glorot_, "xavier": xavier_}


class _Plan(NamedTuple):
    meets: str
    initializer: str
    gain: float
    note: str = ""


def auto(model: nn.Module, example: Example, *, generator: torch.Generator | None = None) -> Choices:
    """Set all linear and convolution layers, each by what its output meets first when the example goes through.

    ==============================  ==================================================================
    meets                           weights
    ==============================  ==================================================================
    tanh                            `glorot_`
    logistic sigmoid                `glorot_`, four times wider
    a module with a ``gain``        `he_` with that gain
    ReLU and any other              `he_` with its `unit_gain`, for ReLU sqrt(2)
    the end of a residual branch    `xavier_` over sqrt(L), for L such branches in the model
    another layer, or the output    `xavier_`
    ==============================  ==================================================================

    Reshaping, pooling, dropout, sums and normalization on the way are looked through. Each of L unscaled branches
    would add the signal's own second moment, or double it; scaled, all of them together do so e-fold at most. A
    branch that ends in a normalization keeps its scale, whatever its weights. Normalization layers, embeddings and
    other parameters are left as they are.

    What counts is what runs, so a model need not be traceable.

    Args:
        model: The model, initialized in place.
        example: A batch of inputs, at least two, or the tuple of the model's arguments.
        generator: A generator on the CPU; ``None`` draws from torch's global one. Layers draw in the order of
            ``model.modules()``.

    Returns:
        What was chosen for each layer; ``show()`` prints it.

    Raises:
        ModelError: No layer to set, one without weights of its own, or an example that the model does not take.

    Example:
        >>> net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3))
        >>> [(c.layer, c.meets, c.initializer) for c in auto(net, torch.randn(4, 8)).choices]
        [('0', 'ReLU', 'he'), ('2', 'Tanh', 'glorot'), ('4', 'output', 'xavier')]

    Reference:
        K. He et al. 2015; X. Glorot, Y. Bengio 2010. The scale of branches: A. Radford et al., "Language models
        are unsupervised multitask learners", 2019, section 2.3.
    """
    named = list(layers(model))
    if not named:
        raise ModelError(
            "The model has no layer that auto can set.",
            got=type(model).__name__,
            expected="linear or convolution layers of torch.nn",
        )
    plans = _plans(model, example)
    choices: list[Choice] = []
    for name, layer in named:
        plan = plans.get(layer, _Plan("nothing", "xavier", 1.0, "the example did not reach it"))
        _FUNCTIONS[plan.initializer](layer, gain=plan.gain, generator=generator)
        std = plan.gain * math.sqrt(2 / sum(fans(layer)) if plan.initializer == "glorot" else 1 / fans(layer).into)
        meets, initializer, its_gain, note = plan
        choices.append(Choice(name or "(model)", type(layer).__name__, meets, initializer, its_gain, std, note))
    return Choices(tuple(choices), _left(model))


def _plans(model: nn.Module, example: Example) -> dict[nn.Module, _Plan]:
    """Return the plan of each layer that the example reaches; of one that is used again, by its first use."""
    flow = follow(model, example)
    ends = branches(flow)
    calls: dict[nn.Module, Node] = {}
    for node in flow:
        if isinstance(node.call, nn.MultiheadAttention):
            calls.setdefault(node.call.out_proj, node)  # is called inside of it, last
        elif isinstance(node.call, Layer):
            calls.setdefault(node.call, node)
    meetings = {layer: first_meeting(node, ends) for layer, node in calls.items()}
    bare = {m.node for m in meetings.values() if m.kind is Kind.BRANCH_END and not m.normalized}
    return {layer: _plan(meeting, len(bare)) for layer, meeting in meetings.items()}


def _plan(meeting: Meeting, bare_branches: int) -> _Plan:
    note = "normalized: its scale does not matter" if meeting.normalized else ""
    node = meeting.node
    if meeting.kind is Kind.BRANCH_END:
        if meeting.normalized:
            return _Plan("residual sum", "xavier", 1.0, note)
        return _Plan("residual sum", "xavier", bare_branches**-0.5, f"over the root of {bare_branches} branches")
    if node is None:
        return _Plan("output", "xavier", 1.0, note)
    called = type(node.call).__name__ if isinstance(node.call, nn.Module) else node.name
    if meeting.kind is Kind.LAYER:
        return _Plan(node.name, "xavier", 1.0, note)
    if isinstance(node.call, nn.Module) and has_gain(node.call):
        return _Plan(called, "he", _own_gain(node.call), note or "its own gain")
    if node.word in _GLOROT:
        return _Plan(called, "glorot", _GLOROT[node.word], note)
    return _Plan(called, "he", _measured(node), note)


def _own_gain(module: Any) -> float:
    return float(module.gain)


def _measured(node: Node) -> float:
    if isinstance(node.call, nn.Module):
        return unit_gain(node.call)
    function: Any = node.call
    others = [_number(value) for value in node.arguments[1:]]
    named = {name: _number(value) for name, value in node.keywords.items() if name != "input"}
    return unit_gain(lambda z: function(z, *others, **named))


def _number(value: Any) -> Any:
    """Return a tensor of slopes or bounds as their mean."""
    return value.detach().double().mean().cpu() if isinstance(value, torch.Tensor) else value


def _left(model: nn.Module) -> tuple[str, ...]:
    """The parameters that belong neither to a layer nor to a normalization."""
    set_or_norm = [m for m in model.modules() if isinstance(m, (Layer, *NORMALIZATIONS))]
    known = {id(p) for module in set_or_norm for p in module.parameters(recurse=False)}
    return tuple(name for name, p in model.named_parameters() if id(p) not in known)
