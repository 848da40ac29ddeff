"""Units: which are dead, and which are at the ends of their range?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import fmean
from typing import Any

from torch import Tensor, nn

from thalweg.check.experiments.runs import sound, trained
from thalweg.check.experiments.skill import judge
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.activations import activations
from thalweg.check.looks.answer import examples
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trace import Moment
from thalweg.core.finding import Passed, Severity
from thalweg.core.picture import Picture

RECTIFIERS = ("ReLU", "ReLU6")
"""Non-linearities whose units can die: for a negative input neither output nor gradient is left."""

DEAD = 0.5
"""The share of a layer's units that are zero for every sample. Half of all *outputs* are zero in a healthy net,
yet nearly every unit is alive for some sample; CS231n ("Neural networks 1") tells of 40 % dead as a sign of too
high a rate."""

SATURATED = 0.6
"""The share of a hidden layer's outputs in the outer 5 % of their range. Glorot & Bengio 2010, figure 3, show such
layers where training stalls; a healthy layer of tanh has less than a third there."""

LAST = 5
"""Updates at the end of the trace over which shares are averaged."""


@look("Are units dead?", "dead_relu", trains=True)
def dead_units(subject: Subject) -> Iterator[Seen]:
    """Yield layers of rectifiers most of whose units are dead over the data, not in one batch alone."""
    if not sound(subject) or not subject.trace.moments:
        return
    first, last = subject.trace.moments[0], subject.trace.moments[-LAST:]
    layers = [name for name, one in last[-1].activations.items() if one.kind in RECTIFIERS]
    shares = {name: fmean(moment.activations[name].dead for moment in last) for name in layers}
    over = {name: share for name, share in shares.items() if share > DEAD}
    if over:
        over |= dead_over_data(subject, list(over))
    found = {name: share for name, share in over.items() if share > DEAD}
    pictures = outputs(subject) if found else ()
    for name, share in found.items():
        yield _dead(name, first.activations[name].dead, share, len(subject.trace.losses), pictures)
        pictures = ()  # one shows all layers
    if layers and not found:
        most = max(shares, key=lambda name: shares[name])
        yield Passed(name="dead units", evidence=f"at most {shares[most]:.0%} of a layer are dead ({most})")


def dead_over_data(subject: Subject, names: Sequence[str]) -> dict[str, float]:
    """Return the share of units that are zero for every sample that is judged, after the updates of the trace."""
    trainee = trained(subject)
    alive: dict[str, Tensor] = {}

    def see(module: nn.Module, _: Any, output: Tensor, name: str) -> None:
        axis = 1 if output.ndim in (2, 4) else output.ndim - 1
        now = (output != 0).transpose(0, axis).flatten(1).any(1)
        alive[name] = alive[name] | now if name in alive else now

    modules = {name: module for name, module in trainee.model.named_modules() if name in names}
    hooks = [module.register_forward_hook(partial(see, name=name)) for name, module in modules.items()]
    try:
        judge(trainee, trainee.learner.splits["train"])
    finally:
        for hook in hooks:
            hook.remove()
    return {name: 1 - share.float().mean().item() for name, share in alive.items()}


def outputs(subject: Subject) -> tuple[Picture, ...]:
    """Return the outputs of every layer after the updates of the trace, as a picture."""
    when = f"after {len(subject.trace.losses)} updates"
    return activations(trained(subject).model, examples(subject)[0], when=when)


def _dead(name: str, before: float, after: float, updates: int, pictures: tuple[Picture, ...]) -> Suspicion:
    none_left, early = min(before, after) == 1, before > DEAD
    return suspect(
        "dead_relu",
        Severity.ERROR if none_left else Severity.WARNING,
        name,
        f"{after:.0%} of the units of {name} are zero for every sample after {updates} updates, {before:.0%} at "
        "the start",
        "lower the learning rate, initialize for rectifiers, or take a leaky rectifier",
        weight=0.95 if none_left else 0.6,
        numbers={"dead": after, "dead at the start": before, "threshold": DEAD},
        change=('init="auto"', _initialized) if early else ("leaky rectifiers", _leaky),
        explains=("vanishing_gradient", "capacity_too_small", "gradient_blocked"),
        pictures=pictures,
    )


def _leaky(setup: Setup) -> Setup:
    return setup.with_problem(model=partial(swapped, setup.problem.model, (nn.ReLU, nn.ReLU6), nn.LeakyReLU))


@look("Are units saturated?", "saturation", trains=True)
def saturated_units(subject: Subject) -> Iterator[Seen]:
    """Yield hidden layers most of whose outputs are at the ends of their range."""
    if not sound(subject) or not subject.trace.moments:
        return
    moments = subject.trace.moments
    hidden = _hidden_bounded(moments[0])
    start = {name: moments[0].activations[name].saturated for name in hidden}
    end = {name: fmean(moment.activations[name].saturated for moment in moments[-LAST:]) for name in hidden}
    found = [name for name in hidden if max(start[name], end[name]) > SATURATED]
    pictures = outputs(subject) if found else ()
    for name in found:
        yield _saturated(subject, name, start[name], end[name], pictures)
        pictures = ()
    if hidden and not found:
        most = max(hidden, key=lambda name: end[name])
        yield Passed(name="saturated units", evidence=f"at most {end[most]:.0%} of a layer's outputs are ({most})")


BOUNDED = ("Sigmoid", "Tanh", "Hardtanh", "Hardsigmoid", "Softsign")
"""Non-linearities with two ends, where the gradient is nearly zero."""


def _hidden_bounded(moment: Moment) -> list[str]:
    """Return the bounded non-linearities, but for one that gives the outputs: that saturates when it is right."""
    layers = list(moment.activations)
    return [name for name in layers[:-1] if moment.activations[name].kind in BOUNDED]


def _saturated(subject: Subject, name: str, start: float, end: float, pictures: tuple[Picture, ...]) -> Suspicion:
    early = start > SATURATED
    return suspect(
        "saturation",
        Severity.WARNING,
        name,
        f"{start:.0%} of the outputs of {name} are at the ends of their range at the start, {end:.0%} after "
        f"{len(subject.trace.losses)} updates",
        "scale the inputs, and draw smaller initial weights" if early else "lower the learning rate",
        weight=0.65 if early else 0.45,
        numbers={"saturated": end, "saturated at the start": start, "threshold": SATURATED},
        change=('init="auto"', _initialized) if early else None,
        explains=("vanishing_gradient", "lr_too_low", "capacity_too_small"),
        pictures=pictures,
    )


def _initialized(setup: Setup) -> Setup:
    return setup.replace(config=setup.config.replace(init="auto"))


def swapped(
    factory: Callable[[], nn.Module], kinds: tuple[type[nn.Module], ...], other: Callable[[], nn.Module]
) -> nn.Module:
    """Return a fresh model with other non-linearities in the place of some, but for one that gives its outputs."""
    model = factory()
    last = list(model.modules())[-1]
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, kinds) and child is not last:
                setattr(module, name, other())
    return model
