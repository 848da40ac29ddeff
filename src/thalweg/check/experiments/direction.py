"""Direction: does the loss prefer right outputs to wrong ones?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.experiments.chance import link_of
from thalweg.check.experiments.runs import sound
from thalweg.check.look import Change, Seen, Suspicion, look
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Finding, Passed, Severity
from thalweg.init.rehearsal import rehearsal

SURE = 4.0
"""Logit of a class that an output is sure of."""

INSIDE = 0.02
"""How far probabilities stay from 0 and 1, where a loss may be infinite."""


@look("Does the loss prefer right outputs?", "loss_sign", trains=True)
def loss_direction(subject: Subject) -> Iterator[Seen]:
    """Yield a loss that is lower for wrong outputs than for right ones."""
    found = preference(subject) if sound(subject) else None
    if found is None:
        return
    right, wrong = found
    told = f"right outputs have a loss of {right:.3g}, wrong ones one of {wrong:.3g}"
    if right > wrong:
        yield Suspicion(
            finding=Finding(
                fault="loss_sign",
                severity=Severity.ERROR,
                where="loss",
                evidence=told,
                remedy="turn the sign of the loss round: training makes it small",
                numbers={"loss of right outputs": right, "loss of wrong outputs": wrong},
            ),
            weight=0.95,
            change=Change(words="the negative of the loss", apply=_turned),
            explains=("lr_too_high", "lr_too_low", "labels_wrong", "capacity_too_small", "exploding_gradient"),
        )
    else:
        yield Passed(name="loss direction", evidence=told)


def preference(subject: Subject) -> tuple[float, float] | None:
    """Return the loss of right outputs and of wrong ones; None where it cannot be said which are right."""
    x, y = subject.batch
    loss = subject.setup.problem.loss
    with torch.no_grad(), rehearsal(subject.model):
        output = subject.model(x)
    with torch.no_grad():
        pair = _outputs(output, y) if isinstance(output, Tensor) else None
        if pair is None:
            return None
        right, wrong = (float(loss(one, y)) for one in pair)
    return (right, wrong) if right != wrong else None


def _outputs(output: Tensor, y: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return outputs that say the targets, and outputs that say others."""
    if not y.is_floating_point() and output.ndim == y.ndim + 1 and output.shape[1] > 1:
        classes = output.shape[1]
        labels = y.long().clamp(0, classes - 1)
        link = link_of(output)
        said = [functional.one_hot(one, classes).movedim(-1, 1) for one in (labels, (labels + 1) % classes)]
        right, wrong = (link(SURE * one.to(output.dtype)) for one in said)
        return right, wrong
    if y.is_floating_point() and output.shape == y.shape:
        inside = y.clamp(INSIDE, 1 - INSIDE) if output.min() >= 0 and output.max() <= 1 else y
        return inside.to(output.dtype), inside.roll(1, 0).to(output.dtype)
    return None


@final
class Negative:
    """A loss with its sign turned round.

    Args:
        loss: From (output, target) to a scalar.
    """

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.loss = loss

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        """Return it."""
        return -self.loss(output, target)


def _turned(setup: Setup) -> Setup:
    return setup.with_problem(loss=Negative(setup.problem.loss))
