"""Modes: does what other samples of the batch do, or the model's mode, decide what is said of a sample?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from thalweg.check.experiments.course import IN_TRAINING, TRAIN, course
from thalweg.check.experiments.runs import sound
from thalweg.check.look import Seen, look
from thalweg.check.looks.batch_statistics import fewest, with_batch
from thalweg.check.looks.suspect import suspect
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.init.rehearsal import rehearsal

SEEN, TURNS = 8, 8
"""Samples that are each seen among others in some batches, and how many batches."""

NOISY = 0.3
"""Part of an output's variance that comes from a sample's neighbours. One layer of batch normalization over n
values makes it about 1/n: three layers reach this at n = 10, one at n = 3."""

SMALL = 8
"""Values a channel and batch up to which statistics may be of too few (Wu & He 2018, "Group normalization", figure
1, for the error that rises from 16 samples down)."""

BATCH = 32
"""The batch that is proposed."""

APART = 0.15
"""Skill on the same training data that evaluation mode loses against training mode."""


@look("Do neighbours in the batch leave a sample its say?", "batchnorm_small_batch", trains=True)
def batch_noise(subject: Subject) -> Iterator[Seen]:
    """Yield batch normalization over so few samples that neighbours decide what is said of a sample."""
    values = fewest(subject) if sound(subject) else math.inf
    if math.isinf(values):
        return
    noise = from_neighbours(subject) if values <= SMALL else 0.0
    told = f"batch normalization takes its statistics from {values:g} values"
    if noise <= NOISY:
        yield Passed(name="batch noise", evidence=told)
        return
    yield suspect(
        "batchnorm_small_batch",
        Severity.WARNING,
        "batch normalization",
        f"{told}, and {noise:.0%} of the variance of outputs in training comes from which samples share the batch",
        f"make the batch at least {BATCH}, or take GroupNorm or LayerNorm",
        weight=0.75,
        numbers={"values": values, "from neighbours": noise, "threshold": NOISY},
        change=(f"batch_size={BATCH}", partial(with_batch, size=BATCH)),
        explains=("train_eval_mode", "lr_too_high", "overfitting", "capacity_too_small"),
    )


def from_neighbours(subject: Subject) -> float:
    """Return the part of the variance of fresh outputs in training mode that a sample's neighbours make."""
    split, size = subject.splits["train"], subject.setup.config.batch_size or 1
    drawn = torch.Generator().manual_seed(subject.seed)
    outputs = list[Tensor]()
    with torch.no_grad(), rehearsal(subject.model):
        for place in torch.randint(len(split), (SEEN,), generator=drawn).tolist():
            others = torch.randint(len(split), (TURNS, size), generator=drawn)
            others[:, 0] = place
            outputs.append(torch.stack([subject.model(split.take(index)[0])[0] for index in others]))
    stacked = torch.stack(outputs)
    within, between = stacked.var(1).mean(), stacked.mean(1).var(0).mean()
    return float(within / (within + between)) if within + between > 0 else 0.0


@look(
    "Is the model as good in evaluation mode as in training?",
    "train_eval_mode",
    "batchnorm_small_batch",
    trains=True,
)
def evaluation_mode(subject: Subject) -> Iterator[Seen]:
    """Yield a model that is far worse in evaluation mode, on the very samples it was trained on."""
    found = course(subject) if sound(subject) else None
    if found is None:
        return
    ours, theirs = found.last[TRAIN], found.last[IN_TRAINING]
    lost, few = theirs.skill - ours.skill, fewest(subject) <= SMALL
    told = f"after {found.end.step} updates the loss on training data is {ours.loss:.3g} in evaluation mode and "
    told += f"{theirs.loss:.3g} in training mode"
    if not (lost > max(APART, 2 * ours.error) and ours.loss > theirs.loss):
        yield Passed(name="evaluation mode", evidence=told)
        return
    yield suspect(
        "batchnorm_small_batch" if few else "train_eval_mode",
        Severity.WARNING,
        "batch normalization" if few else "model",
        f"{told}: its skill is {lost:.2f} lower",
        f"make the batch at least {BATCH}, or take GroupNorm or LayerNorm"
        if few
        else "look at what differs by mode: above all the momentum and use of running statistics",
        weight=0.6,
        numbers={"skill lost": lost, "threshold": APART},
        change=(f"batch_size={BATCH}", partial(with_batch, size=BATCH)) if few else None,
        explains=("train_val_mismatch", "overfitting"),
    )
