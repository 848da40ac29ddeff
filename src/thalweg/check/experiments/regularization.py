"""Regularization: do dropout and weight decay cost more than they give?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from torch.optim import Optimizer

from thalweg.check.experiments.ladder import own_good
from thalweg.check.experiments.longer import LOST, Score, length, scores
from thalweg.check.experiments.runs import planned, sound, without_decay, without_dropout
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.optim.groups.multiplier import DECAYS
from thalweg.train.dropout import dropouts

LIGHT, PROPOSED = 0.25, 0.2
"""The rate of dropout up to which it is not tried without, and the one that is proposed in place of a higher."""

SHRINKS = 0.03
"""The share of the weights that decoupled decay takes away over the updates planned, from which on it is tried."""


Mend = Callable[[nn.Module, Optimizer], None]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The same runs with a regularization and without, by seed."""

    given: tuple[Score, ...]
    bare: tuple[Score, ...]
    updates: int

    @property
    def too_much(self) -> bool:
        """Whether it costs skill from every seed, on validation and on what is learned."""
        return all(given.worse_than(bare) for given, bare in zip(self.given, self.bare, strict=True))

    @property
    def told(self) -> str:
        """The numbers as a clause."""
        given, bare = self.given[0], self.bare[0]
        return (
            f"after {self.updates} updates the training loss is {given.loss:.3g} with and {bare.loss:.3g} "
            f"without, skill on validation {given.valid:.2f} and {bare.valid:.2f}"
        )


@look("Does dropout cost more than it gives?", "dropout_too_high", trains=True)
def dropout(subject: Subject) -> Iterator[Seen]:
    """Yield a rate of dropout that keeps the net from learning."""
    highest = max((layer.p for layer in dropouts(subject.model).values()), default=0.0)
    if not sound(subject) or highest <= LIGHT:
        return
    found = cost(subject, without_dropout)
    if found.too_much:
        change = (f"dropout={PROPOSED:g} in place of {highest:g}", partial(_mended, by=_light))
        yield _too_much("dropout_too_high", f"dropout={highest:g}", found, f"lower it to {PROPOSED:g}", change)
    else:
        yield Passed(name="dropout", evidence=f"dropout={highest:g}: {found.told}")


@look("Does weight decay cost more than it gives?", "weight_decay_too_strong", trains=True)
def weight_decay(subject: Subject) -> Iterator[Seen]:
    """Yield a weight decay that keeps the net from learning."""
    strongest = _decay(subject) if sound(subject) else None
    if strongest is None:
        return
    name, value = strongest
    found = cost(subject, without_decay)
    if found.too_much:
        change = (f"no {name} in place of {value:g}", partial(_mended, by=without_decay))
        remedy = f"lower it, to {value / 100:.1g} or less"
        yield _too_much("weight_decay_too_strong", f"{name}={value:g}", found, remedy, change)
    else:
        yield Passed(name="weight decay", evidence=f"{name}={value:g}: {found.told}")


def cost(subject: Subject, without: Mend) -> Cost:
    """Return what a regularization does, at a rate at which the net learns."""
    setup = own_good(subject)
    bare = _mended(setup, without)
    return Cost(given=scores(subject, setup), bare=scores(subject, bare), updates=length(subject))


def _decay(subject: Subject) -> tuple[str, float] | None:
    """Return the strongest decay, of those that could matter, and its key; None without any."""
    optimizer = subject.trainee.learner.optimizer
    found = [
        (name, float(group[name]))
        for group in optimizer.param_groups
        for name in DECAYS
        if group.get(name) and not _is_faint(subject, optimizer, name, group)
    ]
    return max(found, key=lambda pair: pair[1], default=None)


def _is_faint(subject: Subject, optimizer: Optimizer, name: str, group: dict[str, Any]) -> bool:
    """Whether decay apart from the gradient takes hardly anything away in all updates that are planned."""
    apart = name == "decoupled_decay" or type(optimizer).__name__ == "AdamW" or group.get("decoupled_weight_decay")
    return bool(apart) and float(group["lr"]) * float(group[name]) * planned(subject) < SHRINKS


def _light(model: nn.Module, optimizer: Optimizer) -> None:
    del optimizer
    for layer in dropouts(model).values():
        layer.p = min(layer.p, PROPOSED)


def _mended(setup: Setup, by: Mend) -> Setup:
    return setup.replace(mended=(*setup.mended, by))


def _too_much(
    fault: str, where: str, found: Cost, remedy: str, change: tuple[str, Callable[[Setup], Setup]]
) -> Suspicion:
    given, bare = found.given[0], found.bare[0]
    losses = {"training loss": given.loss, "training loss without": bare.loss}
    return suspect(
        fault,
        Severity.WARNING,
        where,
        found.told,
        remedy,
        weight=0.8,
        numbers=losses | {"skill": given.valid, "skill without": bare.valid, "threshold": LOST},
        change=change,
        explains=(
            "capacity_too_small",
            "lr_too_low",
            "vanishing_gradient",
            "train_eval_mode",
            "optimizer_setting",
        ),
    )
