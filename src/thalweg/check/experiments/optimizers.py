"""Optimizers: do settings other than the rate keep the optimizer from training?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from torch.optim import Adam, Optimizer

from thalweg.check.experiments.ladder import Ladder, at_factor, end_of, ladder
from thalweg.check.experiments.longer import worse
from thalweg.check.experiments.runs import sound, with_optimizer
from thalweg.check.look import Change, Seen, Suspicion, look
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Finding, Passed, Severity
from thalweg.core.wording import rate

LESS = 0.5
"""Of the progress of Adam, below which the user's optimizer fails at its best rate too."""

MORE = 0.1
"""The progress beyond the user's that a usual value has to make, for longer runs to compare the two."""


@dataclass(frozen=True)
class Usual:
    """A setting of optimizers: the values in use, and the one to try in place of another.

    Attributes:
        low: The least in use.
        high: The greatest.
        typical: The commonest.
    """

    low: float
    high: float
    typical: float


USUAL = {
    ("momentum", None): Usual(0.0, 0.99, 0.9),
    ("dampening", None): Usual(0.0, 0.5, 0.0),
    ("betas", 0): Usual(0.0, 0.98, 0.9),
    ("betas", 1): Usual(0.9, 0.9999, 0.999),
    ("alpha", None): Usual(0.5, 0.999, 0.99),
    ("rho", None): Usual(0.5, 0.999, 0.9),
    ("eps", None): Usual(0.0, 1e-3, 1e-8),
    ("clip_norm", None): Usual(0.1, math.inf, math.inf),
    ("clip_value", None): Usual(0.01, math.inf, math.inf),
    ("lr_decay", None): Usual(0.0, 1e-2, 0.0),
}
"""By key of a group, and place in the pair that it holds. The ranges span what papers and torch's defaults use;
0.99 of momentum averages 100 updates, beta2 = 0.9 only 10, and eps = 1 turns Adam into plain momentum."""


@look("Does the optimizer train, at any rate?", "optimizer_setting", trains=True)
def optimizer_settings(subject: Subject) -> Iterator[Seen]:
    """Yield settings whose usual value trains far better, or that the optimizer fails where Adam does not."""
    found = ladder(subject) if sound(subject) else None
    if found is None or not found.learns:
        return
    blamed = False
    for key, value, usual in unusual(subject.trainee.learner.optimizer):
        mend = _setter(key, usual.typical)
        mended = subject.setup.replace(mended=(*subject.setup.mended, mend))
        reached = found.way(end_of(subject, mended, found.steps))
        if reached > found.progress(1.0) + MORE and worse(subject, subject.setup, mended):
            blamed = True
            yield _setting(found, key, value, usual.typical, mended)
    if blamed:
        return
    lr = min(found.reference, key=lambda one: found.reference[one])
    mine, adam = at_factor(subject.setup, found.best), with_optimizer(subject.setup, Adam, lr=lr)
    if found.progress(found.best) < LESS and worse(subject, mine, adam):
        yield _fails(subject, found, lr)
    else:
        evidence = (
            f"at its best rate the loss ends at {found.ends[found.best]:.3g}, with Adam at {_best(found):.3g}"
        )
        yield Passed(name="optimizer settings", evidence=evidence)


Key = tuple[str, int | None]


def unusual(optimizer: Optimizer) -> Iterator[tuple[Key, float, Usual]]:
    """Yield the settings of an optimizer's groups that are out of the ordinary, with what is usual."""
    for (key, place), usual in USUAL.items():
        for group in optimizer.param_groups:
            held: Any = group.get(key)
            held = held[place] if isinstance(held, tuple | list) and place is not None else held
            if (
                isinstance(held, int | float)
                and not isinstance(held, bool)
                and not usual.low <= held <= usual.high
            ):
                yield (key, place), float(held), usual
                break


def _setter(key: Key, value: float) -> Callable[[nn.Module, Optimizer], None]:
    name, place = key

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        del model
        for group in optimizer.param_groups:
            if name in group:
                old = group[name]
                group[name] = (
                    value if place is None else tuple(value if i == place else v for i, v in enumerate(old))
                )

    return mend


def _setting(found: Ladder, key: Key, value: float, usual: float, mended: Setup) -> Suspicion:
    name = key[0] if key[1] is None else f"{key[0]}[{key[1]}]"
    return Suspicion(
        finding=Finding(
            fault="optimizer_setting",
            severity=Severity.WARNING,
            where=name,
            evidence=f"{name}={value:g} is out of the ordinary; after {found.steps} updates the loss is "
            f"{found.ends[1.0]:.3g} with it",
            remedy=f"set {name} to {usual:g}",
            numbers={name: value, "usual": usual, "progress": found.progress(1.0), "threshold": LESS},
        ),
        weight=0.85,
        change=Change(
            words=f"{name}={usual:g} in place of {value:g}",
            apply=lambda setup: setup.replace(mended=(*setup.mended, _setter(key, usual))),
        ),
        explains=("lr_too_low", "lr_too_high", "capacity_too_small", "labels_wrong", "numerical_instability"),
    )


def _fails(subject: Subject, found: Ladder, lr: float) -> Suspicion:
    name = type(subject.trainee.learner.optimizer).__name__
    return Suspicion(
        finding=Finding(
            fault="optimizer_setting",
            severity=Severity.NOTE,
            where=name,
            evidence=f"after {found.steps} updates {name} is at {found.ends[found.best]:.3g} at its best rate "
            f"({rate(found.rate * found.best)}), Adam at {_best(found):.3g}",
            remedy=f"look at the settings of {name}, or take Adam at {rate(lr)}",
            numbers={"progress": found.progress(found.best), "threshold": LESS, "lr": found.rate},
        ),
        weight=0.3,
        change=Change(words=f"Adam at lr={rate(lr)} in place of {name}", apply=partial(_adam, lr=lr)),
        explains=("capacity_too_small", "labels_wrong"),
    )


def _adam(setup: Setup, lr: float) -> Setup:
    return with_optimizer(setup, Adam, lr=lr)


def _best(found: Ladder) -> float:
    return min(found.reference.values())
