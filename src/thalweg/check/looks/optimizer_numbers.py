"""Optimizer numbers: are its hyper-parameters what anybody would choose?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from torch import nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, look
from thalweg.check.looks.answer import Answer, answer
from thalweg.check.looks.reading import value
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.init.layers import NORMALIZATIONS
from thalweg.optim.groups.multiplier import DECAYS

EPS = 1e-3
"""Added to the root of squared gradients: from here on it is larger than most of them, and the method is no longer
adaptive. Values of 0.1 and 1 were tuned for one network of images, with rates that are as much larger."""

MEMORY = 0.2
"""The share of all updates that a moving average may reach back: one that reaches further is of old gradients, and
steps overshoot for so long (Goodfellow et al. 2016, section 8.3.2: 0.5, 0.9 and 0.99 are common)."""

LASTING = 100
"""Updates up to which a moving average may reach back in any case, which is momentum 0.99."""

SHORT = 0.9
"""The decay of squared gradients below which it is of ten updates or fewer: steps follow the noise. Reddi et al.
2018, section 3, show that Adam then need not converge."""

HEAVY = 2.0
"""The penalty of the initial weights over the initial loss from which on decay is the larger part of what is
trained."""

BRIEF = 100
"""Updates in which decoupled decay alone takes 63 % of a weight, up to which nothing that is learned stays."""

ROOM = 5.0
"""Times the size that weights start with that decoupled decay has to leave them, at least, under updates of one
size: they never exceed 1 / decay (Loshchilov & Hutter 2019 decay by 0.01 to 0.1, which leaves 10 to 100)."""


class Doubt(NamedTuple):
    """A number that is in doubt.

    Attributes:
        told: What it is, in a sentence.
        key: Its key in a parameter group.
        value: A usual value.
        weight: How sure that is.
        severity: How bad.
    """

    told: str
    key: str
    value: Any
    weight: float
    severity: Severity


@look("Are the optimizer's numbers usual?", "optimizer_setting", trains=False)
def optimizer_numbers(subject: Subject) -> Iterator[Seen]:
    """Yield momenta, decays of averages and terms of stability that nobody would choose."""
    optimizer, steps = subject.trainee.learner.optimizer, _planned(subject)
    group = optimizer.param_groups[0]
    doubts = [doubt for doubt in (_momentum(group, steps), _averages(group, steps), _eps(group)) if doubt]
    for doubt in doubts:
        yield suspect(
            "optimizer_setting",
            doubt.severity,
            doubt.key,
            doubt.told,
            f"take {doubt.key}={doubt.value}",
            weight=doubt.weight,
            change=(f"{doubt.key}={doubt.value}", _set({doubt.key: doubt.value})),
            explains=("lr_too_high", "lr_too_low", "exploding_gradient", "numerical_instability"),
        )
    if not doubts:
        shown = ", ".join(f"{key}={group[key]}" for key in ("momentum", "betas", "alpha", "eps") if key in group)
        yield Passed(
            name="optimizer numbers", evidence=f"{type(optimizer).__name__}: {shown or 'nothing but a rate'}"
        )


def _planned(subject: Subject) -> int:
    return subject.setup.epochs * subject.trainee.learner.steps_per_epoch


def _momentum(group: Mapping[str, Any], steps: int) -> Doubt | None:
    momentum = group.get("momentum")
    if not isinstance(momentum, float) or momentum <= 0:
        return None
    if momentum >= 1:
        return Doubt(
            f"momentum is {momentum:g}: no gradient is ever forgotten", "momentum", 0.9, 0.95, Severity.ERROR
        )
    reach = 1 / (1 - momentum)
    if reach > LASTING * 1.001 and reach > MEMORY * steps:
        told = f"momentum {momentum:g} reaches {reach:.0f} updates back, and {steps:,} are planned"
        return Doubt(told, "momentum", 0.9, 0.7, Severity.WARNING)
    return None


def _averages(group: Mapping[str, Any], steps: int) -> Doubt | None:
    betas = group.get("betas")
    if not (isinstance(betas, tuple | list) and len(betas) == 2):
        return None
    first, second = map(float, betas)
    usual = (0.9, 0.999)
    if first > second:
        told = f"betas are {first:g} and {second:g}: gradients are averaged for longer than their squares"
        return Doubt(f"{told}, as if the two were exchanged", "betas", usual, 0.7, Severity.WARNING)
    if 1 / (1 - first) > LASTING * 1.001 and 1 / (1 - first) > MEMORY * steps:
        told = f"beta1 {first:g} reaches {1 / (1 - first):.0f} updates back, and {steps:,} are planned"
        return Doubt(told, "betas", usual, 0.7, Severity.WARNING)
    if second < SHORT:
        told = f"beta2 is {second:g}: squared gradients are averaged over {1 / (1 - second):.0f} updates"
        return Doubt(told, "betas", usual, 0.5, Severity.WARNING)
    return None


def _eps(group: Mapping[str, Any]) -> Doubt | None:
    eps = group.get("eps")
    if not isinstance(eps, float) or eps <= EPS:
        return None
    told = f"eps is {eps:g}, more than most squared gradients have for a root: steps are no longer adapted"
    return Doubt(told, "eps", 1e-8, 0.5, Severity.WARNING)


@look("Is weight decay a part of the loss, not the larger one?", "weight_decay_too_strong", trains=False)
def decay_share(subject: Subject) -> Iterator[Seen]:
    """Yield weight decay whose penalty is larger than the loss, or that leaves nothing of a weight."""
    found = answer(subject)
    groups = subject.trainee.learner.optimizer.param_groups
    if found is None or not any(group.get(key) for group in groups for key in DECAYS):
        return
    apart = [group for group in groups if _is_apart(subject, group) and _decay(group)]
    coupled = [group for group in groups if group not in apart]
    doubt = _of_loss(subject, found, coupled) if not apart else _of_size(max(apart, key=_decay))
    if doubt.number > doubt.threshold:
        yield suspect(
            "weight_decay_too_strong",
            Severity.WARNING,
            "weight decay",
            doubt.told,
            "take a hundredth of it, and tune it last",
            weight=0.35,
            numbers={"measured": doubt.number, "threshold": doubt.threshold},
            change=("no weight decay", _set(dict.fromkeys(DECAYS, 0.0))),
            explains=("capacity_too_small", "vanishing_gradient"),
        )
    else:
        yield Passed(name="decay share", evidence=doubt.told)


class Weighed(NamedTuple):
    """How heavy decay is.

    Attributes:
        told: In a sentence.
        number: What was measured.
        threshold: Above which it is too much.
    """

    told: str
    number: float
    threshold: float


def _of_loss(subject: Subject, found: Answer, groups: Sequence[Mapping[str, Any]]) -> Weighed:
    """Weigh decay that goes through the gradient: its penalty beside the loss. Normalization makes it harmless."""
    loss = abs(value(subject.setup.problem.loss, found.output, found.y))
    penalty = sum(0.5 * float(group.get("weight_decay") or 0.0) * _square(group) for group in groups)
    told = f"weights start with a penalty of {penalty:.3g} beside a loss of {loss:.3g}"
    normalized = any(isinstance(module, NORMALIZATIONS) for module in subject.model.modules())
    return Weighed(told, 0.0 if normalized else penalty / max(loss, 1e-12), HEAVY)


def _of_size(group: Mapping[str, Any]) -> Weighed:
    """Weigh decay that goes by itself: how soon a weight is forgotten, and how large it can become."""
    count = sum(p.numel() for p in group["params"])
    size, decay = (_square(group) / max(count, 1)) ** 0.5, _decay(group)
    lasting = 1 / max(decay * float(group["lr"]), 1e-30)
    told = (
        f"decay lets a weight be at most {1 / decay:.3g} large, where they start at {size:.2g}, and forgets it in "
    )
    return Weighed(f"{told}{lasting:,.0f} updates", max(BRIEF / lasting, ROOM * size * decay), 1.0)


def _decay(group: Mapping[str, Any]) -> float:
    """Return the decay that goes by itself, in units of the rate."""
    alone = float(group.get("independent_decay") or 0.0) / max(float(group["lr"]), 1e-30)
    coupled = float(group.get("weight_decay") or 0.0) if group.get("decoupled_weight_decay", True) else 0.0
    return coupled + float(group.get("decoupled_decay") or 0.0) + alone


def _is_apart(subject: Subject, group: Mapping[str, Any]) -> bool:
    """Whether decay does not go through the gradient."""
    name = type(subject.trainee.learner.optimizer).__name__.lower()
    named = name.endswith("w") or bool(group.get("decoupled_weight_decay"))
    return named or bool(group.get("decoupled_decay")) or bool(group.get("independent_decay"))


def _square(group: Mapping[str, Any]) -> float:
    return sum(p.detach().double().square().sum().item() for p in group["params"])


def _set(values: Mapping[str, Any]) -> Callable[[Setup], Setup]:
    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            group.update({key: value for key, value in values.items() if key in group})

    return lambda setup: setup.replace(mended=(*setup.mended, mend))
