"""Flow: how gradients change with depth and with time steps, and how far updates move weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from thalweg.check.experiments.runs import sound, tail
from thalweg.check.experiments.start import outset
from thalweg.check.experiments.units import swapped
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trace import Moment
from thalweg.core.finding import Passed, Severity
from thalweg.init.rehearsal import rehearsal

FADED = 1e-3
"""Gradient over weight of the first layer, relative to the last. Four layers of sigmoids at torch's default
weights have 4e-4, as many of ReLU 0.03 (Glorot & Bengio 2010, section 4.2, for how it shrinks)."""

FADED_IN_TIME = 1e-6
"""Gradient by the first input of a sequence relative to the last, which an LSTM at its default weights has after
some 20 steps, and learns all the same; so it counts only where nothing is learned."""

DEEP = 4
"""Layers with weights from which on a net has a depth to speak of."""

LARGE = 10.0
"""Norm of the gradient over that of the weights, of all parameters; 0.01 to 1 at the start of healthy nets."""

JUMP = 100.0
"""Times the median norm of the gradient that a single one reaches; noise alone makes a factor of ten."""

STUCK = 0.9
"""Times the loss of chance that the loss still is where nothing was learned."""

FIRST = 3
"""Updates at the start over which gradients are averaged."""

FAST, SLOW = 0.1, 1e-6
"""Change over weight in one update. About 1e-3 is usual (CS231n, "Neural networks 3"); a tenth redraws the weights
in ten updates, a millionth moves nothing in an epoch."""


@look("Does the gradient keep its size with depth?", "vanishing_gradient", "exploding_gradient", trains=True)
def gradient_by_depth(subject: Subject) -> Iterator[Seen]:
    """Yield gradients that fade or grow from the last layer to the first, or that are large as a whole."""
    if not sound(subject) or not subject.trace.moments:
        return
    ratios = by_depth(subject)
    sizes = [_size(moment) for moment in subject.trace.moments]
    sizes = [size for size in sizes if math.isfinite(size)]
    if not sizes:
        return
    grows = max(sizes) > JUMP * median(sizes) and max(subject.trace.losses) > 2 * abs(subject.trace.losses[0])
    names, values = list(ratios), list(ratios.values())
    fades = len(values) >= DEEP and 0 < values[0] < FADED * values[-1]
    if fades:
        yield _vanishing(names[0], values[0] / values[-1], ratios, stuck(subject))
    if sizes[0] > LARGE or grows:
        yield _exploding(sizes)
    elif not fades and values:
        shown = f"gradient over weight is {values[0]:.2g} in {names[0]}, {values[-1]:.2g} in {names[-1]}"
        yield Passed(name="gradient by depth", evidence=shown)


def by_depth(subject: Subject) -> Mapping[str, float]:
    """Return gradient over weight of every matrix of weights, in the order of the model, at the start."""
    table = {
        f"{name}.{key}" if name else key: p
        for name, module in subject.model.named_modules()
        for key, p in module.named_parameters(recurse=False)
        if p.requires_grad and p.ndim > 1 and not isinstance(module, nn.Embedding | nn.EmbeddingBag)
    }
    first = subject.trace.moments[:FIRST]
    found: dict[str, float] = {}
    for name in table:
        pairs = [moment.weights[name] for moment in first if name in moment.weights]
        ratios = [one.gradient / one.norm for one in pairs if one.norm > 0 and math.isfinite(one.gradient)]
        if ratios:
            found[name] = fmean(ratios)
    return found


def stuck(subject: Subject) -> bool:
    """Whether the trace ends no better than chance."""
    known = outset(subject)
    return known is not None and known.chance > 0 and tail(subject.trace.losses) > STUCK * known.chance


def _size(moment: Moment) -> float:
    """Return the norm of the gradient over that of the weights, of all parameters."""
    gradient = math.sqrt(sum(one.gradient**2 for one in moment.weights.values() if not math.isnan(one.gradient)))
    return gradient / max(math.sqrt(sum(one.norm**2 for one in moment.weights.values())), 1e-30)


def _vanishing(name: str, ratio: float, ratios: Mapping[str, float], stuck: bool) -> Suspicion:
    return suspect(
        "vanishing_gradient",
        Severity.WARNING if stuck else Severity.NOTE,
        name,
        f"gradient over weight of {name} is {ratio:.1g} of the last layer's"
        + (", and the loss is still that of chance" if stuck else ""),
        "take rectifiers with weights initialized for them, normalization or residual connections",
        weight=0.7 if stuck else 0.2,
        numbers={"ratio": ratio, "threshold": FADED} | {f"in {name}": value for name, value in ratios.items()},
        change=('rectifiers and init="auto"', _rectified),
        explains=("capacity_too_small", "lr_too_low", "labels_wrong", "optimizer_setting", "gradient_blocked"),
    )


def _rectified(setup: Setup) -> Setup:
    made = partial(swapped, setup.problem.model, (nn.Sigmoid, nn.Tanh), nn.ReLU)
    return setup.with_problem(model=made).replace(config=setup.config.replace(init="auto"))


def _exploding(sizes: Sequence[float]) -> Suspicion:
    start, most = sizes[0], max(sizes)
    return suspect(
        "exploding_gradient",
        Severity.WARNING,
        "all parameters",
        f"the norm of the gradient is {start:.3g} times that of the weights at the start, {most:.3g} at most and "
        f"{median(sizes):.3g} in the middle",
        "clip the norm of the gradient, and look at the scale of inputs, targets and weights",
        weight=0.5,
        numbers={"at the start": start, "at most": most, "median": median(sizes), "threshold": LARGE},
        change=("gradient norm clipped to 1", clipped),
        explains=("numerical_instability", "lr_too_high", "dead_relu", "saturation"),
    )


def clipped(setup: Setup) -> Setup:
    """Return the set-up with the norm of the gradient clipped to 1 before every step of the optimizer."""

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        parameters = list(model.parameters())
        optimizer.register_step_pre_hook(lambda *_: (clip_grad_norm_(parameters, 1.0), None)[1])

    return setup.replace(mended=(*setup.mended, mend))


@look("Does the gradient keep its size over time steps?", "vanishing_gradient", trains=True)
def gradient_by_time(subject: Subject) -> Iterator[Seen]:
    """Yield recurrent layers through which the gradient fades, where nothing is learned."""
    found = by_time(subject) if sound(subject) else {}
    ratios = {name: norms[0] / norms[-1] for name, norms in found.items() if norms[-1] > 0}
    if not ratios:
        return
    name = min(ratios, key=lambda name: ratios[name])
    told = (
        f"the gradient by the first of {len(found[name])} inputs of {name} is {ratios[name]:.1g} of that by the "
    )
    told += "last"
    if ratios[name] >= FADED_IN_TIME or not stuck(subject):
        yield Passed(name="gradient by time", evidence=told)
        return
    yield suspect(
        "vanishing_gradient",
        Severity.WARNING,
        name,
        f"{told}, and the loss is still that of chance",
        "take gates with a forget bias of 1, attention or a mean over time, or shorter sequences",
        weight=0.6,
        numbers={"ratio": ratios[name], "threshold": FADED_IN_TIME, "steps": len(found[name])},
        explains=("capacity_too_small", "lr_too_low", "labels_wrong", "gradient_blocked"),
    )


def by_time(subject: Subject) -> dict[str, list[float]]:
    """Return the norm of the gradient by the input at each time step, of every recurrent layer, at the start."""
    x, y = subject.batch
    model, taken = subject.model, dict[str, Tensor]()

    def take(module: nn.Module, inputs: tuple[Any, ...], name: str) -> tuple[Any, ...]:
        if not isinstance(inputs[0], Tensor):  # packed sequences
            return inputs
        first = inputs[0] if inputs[0].requires_grad else inputs[0].detach().requires_grad_()
        taken[name] = first
        return (first, *inputs[1:])

    layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.RNNBase)}
    hooks = [module.register_forward_pre_hook(partial(take, name=name)) for name, module in layers.items()]
    try:
        with rehearsal(model):
            loss = subject.setup.problem.loss(model(x), y)
            gradients = torch.autograd.grad(loss, list(taken.values()), allow_unused=True) if taken else ()
    finally:
        for hook in hooks:
            hook.remove()
    found = {name: g for name, g in zip(taken, gradients, strict=True) if g is not None and g.ndim == 3}
    return {
        name: g.transpose(0, 1 if layers[name].batch_first else 0).flatten(1).norm(dim=1).tolist()
        for name, g in found.items()
    }


@look("How far does an update move the weights?", "lr_too_high", "lr_too_low", trains=True)
def update_ratio(subject: Subject) -> Iterator[Seen]:
    """Yield updates that move weights far more, or far less, than is usual."""
    if not sound(subject):
        return
    ratios = [
        one.update / one.norm
        for moment in subject.trace.moments
        for one in moment.weights.values()
        if one.norm > 0 and one.size > 1 and one.gradient > 0 and math.isfinite(one.update)
    ]
    if not ratios:
        return
    middle = median(ratios)
    told = f"an update changes a parameter by {middle:.1g} of its norm (median); about 1e-3 is usual"
    if SLOW < middle < FAST:
        yield Passed(name="update ratio", evidence=told)
        return
    fast = middle >= FAST
    yield suspect(
        "lr_too_high" if fast else "lr_too_low",
        Severity.NOTE,
        "learning rate",
        told,
        "lower the learning rate" if fast else "raise the learning rate",
        weight=0.2,
        numbers={"ratio": middle, "threshold": FAST if fast else SLOW},
    )
