"""Wrong loss: does the loss ask for what the targets are?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import Answer, answer
from thalweg.check.looks.ending import ending
from thalweg.check.looks.nominal import nominal
from thalweg.check.looks.output_activation import are_probabilities
from thalweg.check.looks.reading import Loss, Reading, labels_of, reading, value
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity

SUM = 0.01
"""How far from two the ratio of the loss of a doubled batch to that of the batch may be, of a loss that adds
up."""

NAMES = 0.15
"""What a fit of classes as names has to tell more than one as amounts: marks of wines, which are amounts, are told
alike."""

ONE = 1e-3
"""How far shares of classes may be from a sum of 1."""


@look("Does the loss fit the targets?", "wrong_loss", trains=False)
def fitting_loss(subject: Subject) -> Iterator[Seen]:
    """Yield losses that compare the names of classes as amounts, or amounts as shares of classes."""
    found = answer(subject)
    if found is None:
        return
    loss = subject.setup.problem.loss
    read_as = reading(loss, found.output, found.y)
    seen = _blind(loss, found) or _of(subject, found, read_as)
    if seen:
        yield seen
    elif read_as is not None:
        yield Passed(name="fitting loss", evidence=f"the loss takes {read_as.value} for {_targets(found.y)}")


def _of(subject: Subject, found: Answer, read_as: Reading | None) -> Suspicion | None:
    if read_as is Reading.VALUES:
        if found.output.numel() == found.y.numel() and found.y[0].numel() == 1:
            return _yes_or_no(subject, found) if _are_bits(found.y) else _as_amounts(subject)
        if labels_of(found.output, found.y) or (found.y.ndim == 2 and _are_one_hot(found.y)):
            return _squared_classes(subject, found)
    if read_as is Reading.LOGITS and found.y.is_floating_point():
        return _no_shares(found)
    return None


def _targets(y: Tensor) -> str:
    return "numbers" if y.is_floating_point() else "labels"


def _blind(loss: Loss, found: Answer) -> Suspicion | None:
    """Return the suspicion of a loss that is the same whatever the outputs."""
    drawn = torch.Generator().manual_seed(0)
    tries = [torch.randn(found.output.shape, generator=drawn).to(found.output.dtype) for _ in range(3)]
    losses = [value(loss, one.sigmoid(), found.y) for one in tries]
    if not all(map(math.isfinite, losses)) or max(losses) - min(losses) > 1e-6 * max(map(abs, losses)):
        return None
    single = found.output.ndim > 1 and found.output.shape[1] == 1
    shown = ": over a single output softmax is always 1" if single else ""
    return suspect(
        "wrong_loss",
        Severity.ERROR,
        "loss",
        f"the loss is {losses[0]:.3g} whatever the outputs are{shown}",
        "take BCEWithLogitsLoss for a single yes or no, and MSELoss for a number"
        if single
        else "look at the loss",
        weight=0.95,
        change=("BCEWithLogitsLoss", _with(nn.BCEWithLogitsLoss())) if single and _are_bits(found.y) else None,
        explains=("gradient_blocked", "capacity_too_small", "lr_too_low", "labels_wrong"),
    )


def _are_bits(y: Tensor) -> bool:
    return bool(((y == 0) | (y == 1)).all()) and bool(y.any())


def _are_one_hot(y: Tensor) -> bool:
    return _are_bits(y) and y.shape[1] > 1 and bool((y.sum(1) == 1).all())


def _as_amounts(subject: Subject) -> Suspicion | None:
    x, y = subject.samples["train"]
    told = nominal(x, y)
    if told is None or told.as_name < told.as_amount + NAMES:
        return None
    return suspect(
        "wrong_loss",
        Severity.ERROR,
        "loss",
        f"the loss compares the numbers of {int(y.max()) + 1} classes as amounts: a linear fit tells "
        f"{told.as_amount:.0%} of them as amounts, {told.as_name:.0%} with one score a class",
        "give the model one output a class, and take CrossEntropyLoss",
        weight=0.9,
        numbers={"as amounts": told.as_amount, "as names": told.as_name, "threshold": NAMES},
        explains=("output_size", "target_scaling", "capacity_too_small", "labels_wrong"),
    )


def _yes_or_no(subject: Subject, found: Answer) -> Suspicion | None:
    if not found.y.is_floating_point() or found.output.shape != found.y.shape:
        return None
    inside, last = bool((found.output >= 0).all() and (found.output <= 1).all()), ending(subject)
    closed = inside and last is not None and last.word in ("sigmoid", "softmax", "hardsigmoid")
    loss = nn.BCELoss() if closed else nn.BCEWithLogitsLoss()
    return _squared("yes or no", type(loss).__name__, loss)


def _squared_classes(subject: Subject, found: Answer) -> Suspicion:
    if are_probabilities(found.output):
        return _squared("classes", "the negative logarithm of outputs", _of_probabilities)
    return _squared("classes", "CrossEntropyLoss", nn.CrossEntropyLoss())


def _of_probabilities(output: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of probabilities: their logarithm is a score."""
    return functional.cross_entropy(output.clamp(min=1e-12).log(), target)


def _squared(what: str, words: str, loss: Loss) -> Suspicion:
    return suspect(
        "wrong_loss",
        Severity.WARNING,
        "loss",
        f"the loss is a squared error, and the targets are {what}: its gradient fades where outputs are wrong",
        f"take {words}, which goes with probabilities",
        weight=0.4,
        change=(words, _with(loss)),
        explains=("lr_too_low", "vanishing_gradient"),
    )


def _no_shares(found: Answer) -> Suspicion | None:
    sums = found.y.double().sum(1) if found.y.ndim > 1 else found.y.double()
    if found.y.min() >= 0 and bool(((sums - 1).abs() < ONE).all()):
        return None
    several = _are_bits(found.y)
    loss = nn.BCEWithLogitsLoss() if several else nn.MSELoss()
    told = f"targets of a sample add up to {sums.min():.3g} to {sums.max():.3g}"
    return suspect(
        "wrong_loss",
        Severity.ERROR,
        "loss",
        f"the loss takes targets for shares of classes, which add up to 1, and {told}",
        f"take {type(loss).__name__}, " + ("several classes may be right at once" if several else "for numbers"),
        weight=0.85,
        numbers={"least sum": sums.min().item(), "largest sum": sums.max().item()},
        change=(type(loss).__name__, _with(loss)),
        explains=("target_range", "target_scaling", "lr_too_high"),
    )


def _with(loss: Loss) -> Callable[[Setup], Setup]:
    return lambda setup: setup.with_problem(loss=loss)


@look("Is the loss a mean over the batch?", "wrong_loss", trains=False)
def mean_loss(subject: Subject) -> Iterator[Seen]:
    """Yield losses that grow with the batch."""
    found = answer(subject)
    if found is None:
        return
    loss = subject.setup.problem.loss
    once = value(loss, found.output, found.y)
    twice = value(loss, torch.cat([found.output] * 2), torch.cat([found.y] * 2))
    if not (math.isfinite(once) and math.isfinite(twice)) or once == 0:
        return
    ratio = twice / once
    if abs(ratio - 2) > SUM:
        yield Passed(
            name="mean loss", evidence=f"the loss of a doubled batch is {ratio:.3g} times that of the batch"
        )
        return
    yield suspect(
        "wrong_loss",
        Severity.NOTE,
        "loss",
        f"the loss of a doubled batch is {ratio:.3g} times that of the batch: it adds up samples",
        'take the mean over the batch, reduction="mean": rates then do not depend on its size',
        weight=0.3,
        numbers={"ratio": ratio, "threshold": 2.0},
        change=("the mean over the batch", _averaged),
        explains=("lr_too_high", "exploding_gradient"),
    )


class _Mean:
    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return self.loss(output, target) / len(output)


def _averaged(setup: Setup) -> Setup:
    return setup.with_problem(loss=_Mean(setup.problem.loss))
