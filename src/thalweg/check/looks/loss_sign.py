"""Loss sign: does training go towards right outputs?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import Answer, answer
from thalweg.check.looks.reading import Loss, labels_of, value
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

SCORE = 3.0
"""The score of the class that an output says; others have 0."""

CLASSES, ALONE = 50, 0.5
"""Classes up to which each is tried in place of the label; and the part of the range of their losses by which one
of them has to be lower than the others, to be what the loss asks for."""

Links = tuple[Callable[[Tensor], Tensor], ...]
LINKS: Links = (lambda z: z, lambda z: functional.log_softmax(z, 1), lambda z: functional.softmax(z, 1))
"""What outputs may be: scores, logarithms of probabilities, probabilities. The first that a loss can take
counts."""


@look("Does training go towards right outputs?", "loss_sign", "wrong_loss", trains=False)
def training_direction(subject: Subject) -> Iterator[Seen]:
    """Yield losses that wrong outputs make smaller, and optimizers that climb."""
    found = answer(subject)
    pair = None if found is None else right_and_wrong(subject.setup.problem.loss, found)
    if pair is None:
        return
    right, wrong = pair
    told = f"right outputs have a loss of {right:.3g}, those of other samples one of {wrong:.3g}"
    climbs = any(group.get("maximize") for group in subject.trainee.learner.optimizer.param_groups)
    if (right < wrong) != climbs:
        yield Passed(name="training direction", evidence=told + (", and the optimizer climbs" if climbs else ""))
        return
    if found and not climbs and (other := _asked_for(subject.setup.problem.loss, found, right)):
        yield _of_other_labels(*other, right)
        return
    yield suspect(
        "loss_sign",
        Severity.ERROR,
        "optimizer" if climbs else "loss",
        f"{told}, and the optimizer {'climbs' if climbs else 'makes it small'}",
        "leave maximize out" if climbs else "turn the sign of the loss round",
        weight=1.0,
        numbers={"right": right, "wrong": wrong},
        change=("maximize=False", _descending) if climbs else ("the negative of the loss", _turned),
        explains=(
            "lr_too_high",
            "exploding_gradient",
            "labels_wrong",
            "numerical_instability",
            "output_activation",
            "capacity_too_small",
            "lr_too_low",
        ),
    )


def right_and_wrong(loss: Loss, found: Answer) -> tuple[float, float] | None:
    """Return the loss of outputs that say the targets, and of outputs that say those of other samples.

    Args:
        loss: The problem's.
        found: Outputs and targets, for their form.

    Returns:
        Both; None where nobody can say which outputs are right, or the loss does not differ.
    """
    y, other = found.y, found.y.roll(1, 0)
    if labels_of(found.output, y):
        pairs = ((_saying(one, found.output, link) for one in (y, other)) for link in LINKS)
    elif y.is_floating_point() and found.output.shape == y.shape:
        pairs = ((one.to(found.output.dtype) for one in (y, other)),)
    else:
        return None
    for outputs in pairs:
        right, wrong = (value(loss, output, y) for output in outputs)
        if math.isfinite(right) and math.isfinite(wrong):
            return None if right == wrong else (right, wrong)
    return None


def _asked_for(loss: Loss, found: Answer, right: float) -> tuple[int, float] | None:
    """Return by how much the labels are moved on that the loss asks for, and the loss of outputs that say them;
    None where right outputs are the worst of all, so that it is the sign that is wrong.
    """
    if not labels_of(found.output, found.y) or not 2 < found.output.shape[1] <= CLASSES:
        return None
    classes = found.output.shape[1]
    moved = [(found.y + by) % classes for by in range(1, classes)]
    for link in LINKS:
        losses = [value(loss, _saying(one, found.output, link), found.y) for one in moved]
        if all(map(math.isfinite, losses)):
            least, most = min(losses), max(losses)
            return (
                (1 + losses.index(least), least)
                if right - least > ALONE * (most - least) > 0
                and (sum(one < least + ALONE * (most - least) for one in losses) == 1)
                else None
            )
    return None


def _of_other_labels(by: int, least: float, right: float) -> Suspicion:
    return suspect(
        "wrong_loss",
        Severity.ERROR,
        "loss",
        f"outputs that say the class {by} after the label have a loss of {least:.3g}, right ones {right:.3g}",
        "hand the labels on to the loss as they come",
        weight=0.95,
        numbers={"moved by": by, "least": least, "right": right},
        explains=("labels_wrong", "capacity_too_small", "loss_sign", "train_val_mismatch"),
    )


def _saying(label: Tensor, like: Tensor, link: Callable[[Tensor], Tensor]) -> Tensor:
    classes = like.shape[1]
    said = functional.one_hot(label.clamp(0, classes - 1), classes).movedim(-1, 1)
    return link(SCORE * said.to(like.dtype))


def _turned(setup: Setup) -> Setup:
    return setup.with_problem(loss=_Negative(setup.problem.loss))


class _Negative:
    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return -self.loss(output, target)


def _descending(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _descend))


def _descend(model: nn.Module, optimizer: Optimizer) -> None:
    for group in optimizer.param_groups:
        group["maximize"] = False
