"""Batch: are there too few updates, each by far more samples than its gradient needs?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from thalweg.check.experiments.ladder import at_factor, ladder
from thalweg.check.experiments.longer import LOST, scores
from thalweg.check.experiments.runs import dense, planned, sound
from thalweg.check.look import Seen, look
from thalweg.check.looks.batch_statistics import with_batch
from thalweg.check.looks.suspect import suspect
from thalweg.check.once import once
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Passed, Severity

FEW = 150
"""Planned updates from which on no more are needed: at a good rate nets get over 0.8 of the way in 100."""

LARGE, SHARE = 64, 8
"""Samples from which on a batch may be too large, and the updates of an epoch beyond which it is not."""

PART, SMALLEST = 8, 8
"""A batch this many times smaller is tried, for as many times the updates, but none below `SMALLEST` samples."""

PARTS = 8
"""Of a batch, whose gradients are compared."""


@look("Are batches small enough to leave updates?", "batch_too_large", trains=True)
def batch_size(subject: Subject) -> Iterator[Seen]:
    """Yield a batch so large that the planned epochs are too few updates."""
    found = ladder(subject) if sound(subject) else None
    learner = subject.trainee.learner
    if found is None or not found.learns or learner.full_batch:
        return
    size, count = learner.config.batch_size or 1, planned(subject)
    if count > FEW or size < LARGE or learner.steps_per_epoch > SHARE:
        yield Passed(name="batch size", evidence=f"{count} updates are planned, of {size} samples each")
        return
    smaller = max(SMALLEST, size // PART)
    own = scores(subject, subject.setup, count)
    its = scores(subject, with_batch(subject.setup, smaller), count * size // smaller)
    faster, _ = scores(subject, at_factor(subject.setup, found.best), count)
    told = f"skill is {own[0].valid:.2f} after {count} updates of {size} samples, and {its[0].valid:.2f} after as "
    told += f"many samples {smaller} at a time"
    if not all(mine.worse_than(theirs) for mine, theirs in zip(own, its, strict=True)):
        yield Passed(name="batch size", evidence=told)
        return
    yield suspect(
        "batch_too_large",
        Severity.WARNING,
        "batch size",
        f"{told}; the gradient noise scale is {noise_scale(subject):.0f} samples",
        f"make the batch smaller, such as {smaller}: the same epochs are then more updates",
        weight=0.75 if faster.worse_than(its[0]) else 0.5,
        numbers={
            "batch size": size,
            "updates": count,
            "skill gained": its[0].valid - own[0].valid,
            "threshold": LOST,
        },
        change=(f"batch_size={smaller}", partial(with_batch, size=smaller)),
        explains=("capacity_too_small", "lr_too_low", "labels_wrong", "class_imbalance"),
    )


@once
def noise_scale(subject: Subject) -> float:
    """Return the batch size at which noise and gradient are equally strong, at the fresh weights.

    It is ``tr(Sigma) / |G|^2``, with the gradient G and the covariance Sigma of a sample's: batches far above it
    hardly improve an update, batches far below it do so in proportion. Parts of one batch estimate both.

    Reference:
        McCandlish et al. 2018, "An empirical model of large-batch training", equation 2.9 and appendix A.1.
    """
    trainee = Trainee(subject.setup, seed=subject.seed)
    x, y = next(trainee.batches())
    size = len(x) // PARTS
    if size < 1:
        return float("nan")
    parts = [slice(k * size, (k + 1) * size) for k in range(PARTS)]
    gradients = torch.stack([_gradient(trainee, x[part], y[part]) for part in parts])
    mean = gradients.mean(0)
    spread = size * (gradients - mean).square().sum() / (PARTS - 1)
    signal = mean.square().sum() - spread / (PARTS * size)
    return float(spread / signal) if signal > 0 else float("inf")


def _gradient(trainee: Trainee, x: Tensor, y: Tensor) -> Tensor:
    parameters = [p for p in trainee.model.parameters() if p.requires_grad]
    with trainee.learner.own_generators():
        found = torch.autograd.grad(trainee.learner.loss(x, y), parameters, allow_unused=True)
    return torch.cat([dense(g).flatten().double() for g in found if g is not None])
