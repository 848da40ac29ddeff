"""Order: do samples come as they lie, with targets that are alike for long stretches?"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from thalweg.check.look import Seen, look
from thalweg.check.looks.suspect import suspect
from thalweg.check.looks.whole import matrix
from thalweg.check.setup import Setup
from thalweg.check.subject import SAMPLE, Subject
from thalweg.core.finding import Passed, Severity
from thalweg.data.batches import InMemory, Split
from thalweg.problems.labels import are_labels

ALIKE = 3.0
"""How many times as much the mean target of a batch varies as in batches drawn at random, from which on the order
is one. It is 1 for any random order, the batch size for sorted classes; over 50 batches chance gives less than
1.5."""

CLASSES = 100
"""Classes that are counted."""

BATCHES = 5
"""Batches below which nothing can be said."""


@look("Are samples shuffled, or do they lie at random?", "data_not_shuffled", trains=False)
def sample_stretches(subject: Subject) -> Iterator[Seen]:
    """Yield samples that are not shuffled though their targets come in stretches."""
    setup = subject.setup
    if setup.shuffle:
        yield Passed(name="sample stretches", evidence="samples are shuffled every epoch")
        return
    size = setup.config.batch_size or setup.problem.batch_size
    found = unevenness(_in_order(subject.splits["train"]), size)
    if found is None:
        return
    told = f"the mean target of a batch of {size} varies {found:.3g} times as much as in batches drawn at random"
    if found > ALIKE:
        yield suspect(
            "data_not_shuffled",
            Severity.WARNING,
            "order of samples",
            f"samples come in the same order every epoch, and {told}",
            "shuffle the samples every epoch: DataLoader(..., shuffle=True)",
            weight=0.9,
            numbers={"times": found, "threshold": ALIKE},
            change=("samples shuffled", _shuffled),
            explains=("overfitting", "lr_too_high", "train_val_mismatch", "class_imbalance"),
        )
    else:
        yield Passed(name="sample stretches", evidence=told)


def _in_order(split: Split) -> Tensor:
    if isinstance(split, InMemory):
        return split.y
    return split.take(torch.arange(min(len(split), SAMPLE)))[1]


def unevenness(y: Tensor, size: int) -> float | None:
    """Return the variance of the means of batches, times their size, over the variance of targets.

    Labels are taken as one number a class. For any random order it is 1 on average.

    Args:
        y: Targets in the order in which they come.
        size: Samples a batch.

    Returns:
        The ratio; None with fewer than `BATCHES` batches, or targets that do not vary.

    Example:
        >>> unevenness(torch.arange(2).repeat_interleave(100), 20), unevenness(torch.arange(2).repeat(100), 20)
        (20.0, 0.0)
    """
    if y.is_complex() or size < 2 or len(y) // size < BATCHES:
        return None
    rows = (y[:, None] == y.unique()[:CLASSES]).double() if are_labels(y) else matrix(y).double()
    total = rows.var(0, correction=0).sum()
    means = rows[: len(rows) // size * size].unflatten(0, (-1, size)).mean(1)
    between = means.var(0, correction=0).sum()
    return round((size * between / total).item(), 6) if total > 0 else None


def _shuffled(setup: Setup) -> Setup:
    return setup.replace(shuffle=True)
