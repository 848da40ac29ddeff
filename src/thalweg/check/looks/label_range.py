"""Label range: do labels number the model's outputs from 0, and is there one output a class?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import Answer, answer, uses_inputs
from thalweg.check.looks.leaked_samples import fingerprints, glimpse
from thalweg.check.looks.reading import Loss, Reading, labels_of, reading, value
from thalweg.check.looks.resized import with_outputs
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix, rewritten, whole
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.problems.labels import are_labels

ROUNDING = 1e-5
"""Relative difference of two losses in float32 that are the same."""

IGNORED = -100
"""What torch's losses ignore where nothing else is said."""

SPARE = 1.5
"""Outputs for one class from which on some can hardly be meant. They cost little: their scores soon fall."""

NOISY = 0.5
"""The share of repeated samples whose label differs from that of their first, from which on labels are in
doubt."""

REPEATED = 20
"""Repeated samples below which they tell nothing."""


@look("Are there labels of more than one class, numbered from 0?", "labels_wrong", trains=False)
def label_range(subject: Subject) -> Iterator[Seen]:
    """Yield labels that are all the same, negative, or numbered from 1."""
    y = whole(subject, "train").y
    if y.is_complex() or not len(y):
        return
    if y.is_floating_point():
        if len(y) > 1 and uses_inputs(subject) and bool((matrix(y) == matrix(y)[0]).all()):
            yield _all_alike("the targets are all the same")
        return
    counted = y[y != ignored(subject)]
    if not counted.numel():
        yield _all_alike(f"all labels are {ignored(subject)}, which the loss ignores")
        return
    lowest, highest, classes = int(counted.min()), int(counted.max()), len(counted.unique())
    outputs = _outputs(subject)
    told = f"labels range from {lowest} to {highest}, {classes} of them"
    if classes == 1 and len(y) > 1:
        yield _all_alike(f"every label is {lowest}")
    elif outputs > 1 and (lowest < 0 or (highest == outputs and lowest > 0)):
        yield _numbered(told, lowest, highest, outputs)
    else:
        yield Passed(name="label range", evidence=told)


def ignored(subject: Subject) -> int:
    """Return the label that the loss ignores."""
    return int(getattr(subject.setup.problem.loss, "ignore_index", IGNORED))


def _outputs(subject: Subject) -> int:
    """Return how many classes the model scores; 0 where it gives no scores of classes."""
    found = answer(subject)
    return found.output.shape[1] if found and labels_of(found.output, found.y) else 0


def _all_alike(told: str) -> Suspicion:
    return suspect(
        "labels_wrong",
        Severity.ERROR,
        "targets of train",
        f"{told}: there is nothing to tell apart",
        "look at how targets were read, and at how the training split was drawn",
        weight=1.0,
        explains=("class_imbalance", "train_val_mismatch", "capacity_too_small", "overfitting"),
    )


def _numbered(told: str, lowest: int, highest: int, outputs: int) -> Suspicion:
    fits = highest - lowest < outputs
    return suspect(
        "labels_wrong",
        Severity.ERROR,
        "labels",
        f"{told}, and the model has outputs 0 to {outputs - 1}",
        f"number the classes from 0: y - ({lowest})" if fits else "number the classes from 0",
        weight=1.0,
        numbers={"lowest": lowest, "highest": highest, "outputs": outputs},
        change=(
            f"labels less {lowest}" if lowest > 0 else f"labels plus {-lowest}",
            rewritten(lambda x, y: (x, y - lowest)),
        )
        if fits
        else None,
        explains=("output_size",),
    )


@look("Is there one output a class?", "output_size", trains=False)
def output_size(subject: Subject) -> Iterator[Seen]:
    """Yield models with fewer outputs than classes, or with far more."""
    found = answer(subject)
    if found is None or found.y.is_complex():
        return
    if found.y.is_floating_point():
        if _is_spread(subject.setup.problem.loss, found.output, found.y):
            yield _one_for_many(found.output.shape[1], found.y.shape[1])
        return
    classes = _classes(subject)
    if labels_of(found.output, found.y):
        outputs = found.output.shape[1]
    elif found.output.numel() == found.y.numel():
        outputs = 1
    else:
        return
    told = f"the model has {outputs} outputs for {classes} classes"
    if outputs < classes and not _one_is_meant(subject, found, classes):
        yield _too_few(told, outputs, classes)
    elif outputs > SPARE * classes and outputs > 2:
        yield suspect(
            "output_size",
            Severity.NOTE,
            "last layer",
            told,
            f"give the model {classes} outputs, unless more classes are to come",
            weight=0.3,
            numbers={"outputs": outputs, "classes": classes, "threshold": SPARE},
        )
    else:
        yield Passed(name="output size", evidence=told)


def _is_spread(loss: Loss, output: Tensor, y: Tensor) -> bool:
    """Whether a loss compares one output with several numbers, or several with one, as torch spreads them."""
    if output.ndim != 2 or y.ndim != 2 or len(output) != len(y) or 1 not in (output.shape[1], y.shape[1]):
        return False
    if output.shape == y.shape:
        return False
    wide, numbers = torch.broadcast_tensors(output, y)
    given, spread = value(loss, output, y), value(loss, wide.contiguous(), numbers.contiguous())
    same = math.isfinite(given) and abs(given - spread) <= ROUNDING * abs(spread)
    return same and reading(loss, wide.contiguous(), numbers.contiguous()) is Reading.VALUES


def _one_for_many(outputs: int, targets: int) -> Suspicion:
    return suspect(
        "output_size",
        Severity.ERROR,
        "last layer",
        f"the model has {outputs} output{'s' * (outputs > 1)} a sample and the data {targets} "
        f"target{'s' * (targets > 1)}: torch spreads the one over the others",
        f"give the last layer {targets} output{'s' * (targets > 1)}",
        weight=0.95,
        numbers={"outputs": outputs, "targets": targets},
        change=(f"{targets} outputs", partial(with_outputs, before=outputs, after=targets)),
        explains=("tensor_shape", "capacity_too_small", "wrong_loss"),
    )


def _classes(subject: Subject) -> int:
    """Return how many classes there are, by their names or by the largest label of all splits."""
    named = subject.setup.problem.classes
    labels = [whole(subject, name).y for name in subject.splits]
    return max(len(named or ()), *(int(y.max()) + 1 for y in labels if y.numel()))


def _one_is_meant(subject: Subject, found: Answer, classes: int) -> bool:
    """Whether a single output is meant: for yes or no, or for the label as a number, which is another fault."""
    single = found.output.numel() == found.y.numel()
    if not single:
        return False
    read_as = reading(subject.setup.problem.loss, found.output, found.y)
    return classes <= 2 or read_as is Reading.VALUES


def _too_few(told: str, outputs: int, classes: int) -> Suspicion:
    shown = ": with a single one softmax is always 1, and the loss 0" if outputs == 1 else ""
    return suspect(
        "output_size",
        Severity.ERROR,
        "last layer",
        told + shown,
        f"give the last layer {classes} outputs",
        weight=1.0,
        numbers={"outputs": outputs, "classes": classes},
        change=(f"{classes} outputs", partial(with_outputs, before=outputs, after=classes)),
        explains=("labels_wrong", "wrong_loss", "output_activation", "capacity_too_small"),
    )


@look("Do samples that are the same have the same label?", "labels_wrong", trains=False)
def consistent_labels(subject: Subject) -> Iterator[Seen]:
    """Yield labels that differ between samples that are the same."""
    x, y, _ = whole(subject, "train")
    if not are_labels(y):
        return
    marks, member, counts = _marks(x).unique(return_inverse=True, return_counts=True)
    repeated = int((counts - 1).sum())
    if repeated < REPEATED:
        return
    first = torch.full((len(marks),), len(y)).scatter_reduce_(0, member, torch.arange(len(y)), "amin")
    differ = int((y != y[first[member]]).sum())
    by_chance = 1 - functional.normalize(y.bincount(minlength=1).double(), p=1, dim=0).square().sum().item()
    told = f"of {repeated:,} repeated samples {differ:,} have another label than their first"
    if differ / repeated > NOISY * by_chance and len(marks) > 0.1 * len(y):
        yield suspect(
            "labels_wrong",
            Severity.WARNING,
            "labels",
            f"{told}, where labels drawn at random would come to {by_chance:.0%}",
            "look at how labels were joined with samples",
            weight=0.4,
            numbers={"repeated": repeated, "differ": differ, "threshold": NOISY},
        )
    else:
        yield Passed(name="consistent labels", evidence=told)


def _marks(x: Tensor) -> Tensor:
    """Return a number a sample, the same for samples that are the same; it looks closer only where they may be."""
    marks = fingerprints(glimpse(x))
    _, member, counts = marks.unique(return_inverse=True, return_counts=True)
    maybe = counts[member] > 1
    marks[maybe] = fingerprints(x[maybe])
    return marks
