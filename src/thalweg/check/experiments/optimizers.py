"""Optimizers: do settings other than the rate keep the optimizer from training?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from torch import nn
from torch.optim import Adam, Optimizer

from thalweg.check.experiments.ladder import Ladder, at_factor, end_of, ladder
from thalweg.check.experiments.longer import worse
from thalweg.check.experiments.runs import sound, with_optimizer
from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
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
    "dampening": Usual(0.0, 0.5, 0.0),
    "alpha": Usual(0.5, 0.999, 0.99),
    "rho": Usual(0.5, 0.999, 0.9),
    "lr_decay": Usual(0.0, 1e-2, 0.0),
    "clip_norm": Usual(0.1, math.inf, math.inf),
    "clip_value": Usual(0.01, math.inf, math.inf),
}
"""By key of a group; the ranges span what papers and torch's defaults use. Momenta and epsilons are looked at
without training."""


@look("Does the optimizer train, at any rate?", "optimizer_setting", trains=True)
def optimizer_settings(subject: Subject) -> Iterator[Seen]:
    """Yield settings whose usual value trains far better, or that the optimizer fails where Adam does not."""
    found = ladder(subject) if sound(subject) else None
    if found is None or not found.learns:
        return
    doubtful = list(unusual(subject.trainee.learner.optimizer))
    blamed = [seen for key, value, usual in doubtful if (seen := _blamed(subject, found, key, value, usual))]
    yield from blamed
    if blamed:
        return
    told = f"at its best rate the loss ends at {found.ends[found.best]:.3g}"
    if not found.reference:
        yield Passed(name="optimizer settings", evidence=told)
        return
    lr = min(found.reference, key=lambda one: found.reference[one])
    mine, adam = at_factor(subject.setup, found.best), with_optimizer(subject.setup, Adam, lr=lr)
    if found.progress(found.best) < LESS and worse(subject, mine, adam):
        yield _fails(subject, found, lr)
    else:
        yield Passed(name="optimizer settings", evidence=f"{told}, with Adam at {_best(found):.3g}")


def unusual(optimizer: Optimizer) -> Iterator[tuple[str, float, float]]:
    """Yield the settings of an optimizer's groups that are out of the ordinary, with what is usual."""
    for key, usual in USUAL.items():
        held = [group[key] for group in optimizer.param_groups if isinstance(group.get(key), int | float)]
        odd = next((float(value) for value in held if not usual.low <= value <= usual.high), None)
        if odd is not None:
            yield key, odd, usual.typical


def _blamed(subject: Subject, found: Ladder, key: str, value: float, usual: float) -> Suspicion | None:
    """Return the suspicion of a setting whose usual value trains far better."""

    def mend(model: nn.Module, optimizer: Optimizer) -> None:
        del model
        for group in optimizer.param_groups:
            if key in group:
                group[key] = usual

    def mended(setup: Setup) -> Setup:
        return setup.replace(mended=(*setup.mended, mend))

    reached = found.way(end_of(subject, mended(subject.setup), found.steps))
    if reached < found.progress(1.0) + MORE or not worse(subject, subject.setup, mended(subject.setup)):
        return None
    return suspect(
        "optimizer_setting",
        Severity.WARNING,
        key,
        f"{key}={value:g} is out of the ordinary; after {found.steps} updates the loss is {found.ends[1.0]:.3g}",
        f"set {key} to {usual:g}",
        weight=0.85,
        numbers={key: value, "usual": usual, "progress": found.progress(1.0), "progress then": reached},
        change=(f"{key}={usual:g} in place of {value:g}", mended),
        explains=("lr_too_low", "lr_too_high", "capacity_too_small", "labels_wrong", "numerical_instability"),
    )


def _fails(subject: Subject, found: Ladder, lr: float) -> Suspicion:
    name = type(subject.trainee.learner.optimizer).__name__
    return suspect(
        "optimizer_setting",
        Severity.NOTE,
        name,
        f"after {found.steps} updates {name} is at {found.ends[found.best]:.3g} at its best rate "
        f"({rate(found.rate * found.best)}), Adam at {_best(found):.3g}",
        f"look at the settings of {name}, or take Adam at {rate(lr)}",
        weight=0.3,
        numbers={"progress": found.progress(found.best), "threshold": LESS, "lr": found.rate},
        change=(f"Adam at lr={rate(lr)} in place of {name}", partial(_adam, lr=lr)),
        explains=("capacity_too_small", "labels_wrong"),
    )


def _adam(setup: Setup, lr: float) -> Setup:
    return with_optimizer(setup, Adam, lr=lr)


def _best(found: Ladder) -> float:
    return min(found.reference.values())
