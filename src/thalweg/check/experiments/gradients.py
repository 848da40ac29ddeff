"""Gradients: is what autograd says what the loss does, and does it reach every parameter?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from thalweg.check.budget import go_on
from thalweg.check.experiments.double import doubled, in_double, real, wide
from thalweg.check.experiments.ladder import good
from thalweg.check.experiments.longer import worse
from thalweg.check.experiments.passing import WORDS, passing
from thalweg.check.experiments.runs import dense, sound
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.once import once
from thalweg.check.subject import Subject
from thalweg.check.trace import Weights
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Passed, Severity
from thalweg.core.wording import listed
from thalweg.init.rehearsal import rehearsal

SAMPLES = 8
"""Of the batch: enough for batch normalization, and few kinks of ReLU within a step."""

STEPS = (1e-5, 1e-6)
"""Two sizes of a step, times the weight's or 1. In float64 a difference of losses is right to about 1e-15 of them;
where a kink lies within a step, the slopes to the two sides and over the two sizes differ."""

AGREE = 1e-2
"""Relative difference of these slopes above which a kink, or rounding, makes the coordinate say nothing."""

WRONG = 1e-2
"""Relative difference of autograd and the loss that is an error: right gradients agree to 1e-6 or better."""

FAR_OFF = 0.3
"""Median relative difference from which on it is a mistake: to detach a state between two pieces of a sequence, or
a target, changes a gradient too, and less than this as a rule."""

OF_BLOCKED = (
    "frozen_layer",
    "vanishing_gradient",
    "capacity_too_small",
    "labels_wrong",
    "lr_too_low",
    "dead_relu",
)
"""What a net looks like of which parts do not learn."""

SMALL = 1e-6
"""Times the largest gradient below which one is not judged: it drowns in rounding."""

COORDINATES, AT_MOST = 4, 32
"""Of each parameter, half of them the steepest and half drawn; and of all."""

SECONDS, LEAST = 1.0, 12
"""What their slopes may take, and how many are taken all the same."""

NUDGES = (1e-3, 1.0)
"""Relative changes of a parameter that gets no gradient, to see whether the loss depends on it."""

ROUNDING = 1e-12
"""Relative change of a loss in float64 that is more than rounding."""


@dataclass(frozen=True)
class Coordinate:
    """The slope of the loss along one weight.

    Attributes:
        parameter: Whose it is.
        autograd: What backward says.
        numeric: The central difference; NaN at a kink.
    """

    parameter: str
    autograd: float
    numeric: float


@look("Are the gradients right?", "gradient_blocked", "numerical_instability", trains=True)
def gradients(subject: Subject) -> Iterator[Seen]:
    """Yield parameters whose gradient is not the slope of the loss."""
    if not sound(subject):
        return
    judged, wrong = compared(coordinates(subject))
    flat = [one for one in wrong if one.numeric == 0]
    if flat and len(flat) == len(wrong):
        names = listed(list(dict.fromkeys(one.parameter for one in flat))[:3])
        evidence = f"the loss is piecewise constant in {names}, and backward gives a gradient all the same: a"
        yield Passed(name="gradients", evidence=f"{evidence} straight-through estimate, as rounding needs it")
    elif wrong:
        yield _wrong(subject, wrong, len(judged))
    elif judged:
        yield Passed(name="gradients", evidence=f"autograd and the loss agree along {len(judged)} weights")


def compared(found: list[Coordinate]) -> tuple[list[Coordinate], list[Coordinate]]:
    """Return the coordinates that can be judged, and those of them where autograd is wrong."""
    told = [one for one in found if math.isfinite(one.numeric)]
    scale = max((max(abs(one.autograd), abs(one.numeric)) for one in told), default=0.0)
    judged = [one for one in told if max(abs(one.autograd), abs(one.numeric)) > SMALL * scale]
    return judged, [
        one for one in judged if abs(one.autograd - one.numeric) > WRONG * max(abs(one.autograd), abs(one.numeric))
    ]


def _wrong(subject: Subject, wrong: list[Coordinate], judged: int) -> Suspicion:
    worst = max(wrong, key=lambda one: abs(one.autograd - one.numeric))
    names = list(dict.fromkeys(one.parameter for one in wrong))
    blocked = all(one.autograd == 0 for one in wrong)
    off = median(abs(one.autograd - one.numeric) / max(abs(one.autograd), abs(one.numeric)) for one in wrong)
    what = "gets no gradient" if blocked else f"has the gradient {worst.autograd:.4g} by autograd"
    cut = _is_cut(subject)
    costs = blocked or not cut or worse(subject, good(subject), passing(good(subject)))  # else it may be meant
    grave = off > FAR_OFF and costs
    return suspect(
        "gradient_blocked",
        Severity.ERROR if grave else Severity.NOTE,
        listed(names[:3]),
        f"a weight of {worst.parameter} {what}, and the loss has the slope {worst.numeric:.4g} along it; "
        f"{len(wrong)} of {judged} weights are {off:.0%} off or so",
        "look for detach(), .data, .item(), torch.no_grad() and NumPy between it and the loss"
        if blocked
        else "correct backward() of the custom function after it, or what detaches a part of its way",
        weight=0.9 if grave else 0.3,
        numbers={"autograd": worst.autograd, "slope": worst.numeric, "off": off, "threshold": WRONG},
        change=(WORDS, passing) if cut else None,
        explains=OF_BLOCKED,
    )


def _is_cut(subject: Subject) -> bool:
    """Whether it is for what the model detaches that gradients are wrong or missing."""
    judged, wrong = compared(coordinates(Subject(passing(subject.setup), subject.seed)))
    return bool(judged) and not wrong


@once
def coordinates(subject: Subject) -> list[Coordinate]:
    """Return slopes in float64 along weights of every parameter; none if the model or loss takes no float64."""
    model = doubled(Trainee(subject.setup, seed=subject.seed).model)
    loss = _loss(subject, model)
    value = partial(_value, model, loss)
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    try:
        with rehearsal(model):
            found = torch.autograd.grad(loss(), [p for _, p in named], allow_unused=True)
    except (RuntimeError, TypeError, ValueError):
        return []
    named = [(name, real(p.detach())) for name, p in named]
    found = [None if g is None else real(dense(g)) for g in found]
    drawn = torch.Generator().manual_seed(subject.seed)
    share = max(1, min(COORDINATES, AT_MOST // len(named)))
    chosen = [
        (name, p, place, 0.0 if g is None else g.flatten()[place].item())
        for (name, p), g in zip(named, found, strict=True)
        for place in _places(p, g, share, drawn)
    ]
    started = time.perf_counter()
    here = value()
    each = (time.perf_counter() - started) * 2 * len(STEPS)
    every = math.ceil(len(chosen) / max(LEAST, SECONDS / each))
    return [Coordinate(name, slope, _slope(value, p, place, here)) for name, p, place, slope in chosen[::every]]


def _loss(subject: Subject, model: nn.Module) -> Callable[[], Tensor]:
    """Return the loss of a few samples as a function of the weights of a model in float64; see `rehearsal`."""
    x, y = (part[:SAMPLES] for part in subject.batch)
    x, y = wide(x), wide(y)
    given = subject.setup.problem.loss
    function = doubled(deepcopy(given)) if isinstance(given, nn.Module) else given

    def value() -> Tensor:
        go_on()
        with in_double():
            return function(model(x), y)

    return value


@torch.no_grad()
def _value(model: nn.Module, loss: Callable[[], Tensor]) -> float:
    """Return the loss in training mode, without dropout."""
    with rehearsal(model):
        return loss().item()


def _places(p: Tensor, gradient: Tensor | None, count: int, drawn: torch.Generator) -> list[int]:
    """Return the steepest coordinates, and as many drawn ones."""
    half = min((count + 1) // 2, p.numel())
    steep = [] if gradient is None else gradient.abs().flatten().topk(half).indices.tolist()
    return list(dict.fromkeys([*steep, *torch.randint(p.numel(), (count // 2,), generator=drawn).tolist()]))


@torch.no_grad()
def _slope(value: Callable[[], float], p: Tensor, place: int, here: float) -> float:
    """Return the central difference along one weight, NaN at a kink: the slopes to both sides are not the same."""
    where = tuple(int(one) for one in torch.unravel_index(torch.tensor(place), p.shape))
    at, slopes = p[where].item(), list[float]()
    for relative in STEPS:
        step = relative * max(1.0, abs(at))
        for moved in (at - step, at + step):
            p[where] = moved
            slopes.append((value() - here) / (moved - at))
    p[where] = at
    same = max(slopes) - min(slopes) <= AGREE * max(map(abs, slopes))
    return (slopes[0] + slopes[1]) / 2 if same else math.nan


@look("Does the gradient reach every parameter?", "gradient_blocked", trains=True)
def gradient_reach(subject: Subject) -> Iterator[Seen]:
    """Yield parameters that never get a gradient though the loss depends on them."""
    if not sound(subject) or not subject.trace.moments:
        return
    trained = [name for name, p in subject.model.named_parameters() if p.requires_grad]
    last = subject.trace.moments[-1].step + 1
    bare = [
        name for name in trained if not any(_reached(moment.weights, name) for moment in subject.trace.moments)
    ]
    blocked = [name for name in bare if _matters(subject, name)]
    if blocked:
        yield suspect(
            "gradient_blocked",
            Severity.ERROR,
            listed(blocked[:3]) + (f" and {len(blocked) - 3} more" if len(blocked) > 3 else ""),
            f"{len(blocked)} of {len(trained)} parameters get no gradient in {last} updates, but the loss changes "
            f"if {blocked[0]} does",
            "look for detach(), .data, .item(), argmax, torch.no_grad() and NumPy on the way to the loss",
            weight=0.95,
            numbers={"parameters": len(trained), "without gradient": len(blocked), "updates": last},
            change=(WORDS, passing) if _is_cut(subject) else None,
            explains=OF_BLOCKED,
        )
    elif bare:
        evidence = f"{listed(bare[:3])}: no gradient in {last} updates, and the loss does not depend on them"
        yield Passed(name="gradient reach", evidence=evidence)
    else:
        yield Passed(name="gradient reach", evidence=f"a gradient reached all {len(trained)} parameters")


def _reached(weights: Mapping[str, Weights], name: str) -> bool:
    return name in weights and (weights[name].gradient > 0 or not weights[name].finite)


def _matters(subject: Subject, name: str) -> bool:
    """Whether the loss changes if a parameter does: by little, or by much where no layer is dead as a whole.

    What is rounded takes much to change; so does a dead layer, from which nothing comes back and nothing should.
    """
    dead = any(one.dead == 1 for one in subject.trace.moments[0].activations.values())
    return any(_changes(subject, name, by) for by in NUDGES[: 1 if dead else None])


@torch.no_grad()
def _changes(subject: Subject, name: str, by: float) -> bool:
    model = doubled(deepcopy(subject.model))
    loss, p = _loss(subject, model), model.get_parameter(name)
    drawn = torch.Generator().manual_seed(subject.seed)
    try:
        before = _value(model, loss)
        p.add_(by * p.abs().mean().clamp(min=NUDGES[0]) * torch.randn(p.shape, generator=drawn, dtype=p.dtype))
        after = _value(model, loss)
    except (RuntimeError, TypeError, ValueError):
        return False
    return abs(after - before) > ROUNDING * abs(before)
