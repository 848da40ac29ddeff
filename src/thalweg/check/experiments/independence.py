"""Independence: does what is said of a sample depend on its neighbours in the batch, or on the model's mode?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

from thalweg.check.experiments.batch import with_batch
from thalweg.check.experiments.runs import sound, trained
from thalweg.check.experiments.skill import in_mode, judge
from thalweg.check.look import Change, Seen, Suspicion, look
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.finding import Finding, Passed, Severity
from thalweg.init.rehearsal import rehearsal

SAMPLES = 16
"""Of the batch, of which the first or the last is exchanged."""

MOVED = 1e-3
"""Change of another sample's output, relative to the spread of outputs over samples, that is more than rounding."""

SEEN, TURNS = 8, 8
"""Samples that are each seen among others in some batches, and how many batches."""

NOISY = 0.3
"""Variance of an output over its neighbours, relative to that over samples. One layer of batch normalization over n
values has about 1/n: three layers reach this at n = 10, one at n = 3."""

SMALL = 8
"""Values a channel and batch up to which statistics are of too few (Wu & He 2018, "Group normalization", figure 1,
for the error that rises from 16 samples down)."""

BATCH = 32
"""The batch that is proposed."""

APART = 0.15
"""Skill on the training split that evaluation mode loses against training mode."""


@look("Does a sample's output depend on its neighbours?", "tensor_shape", "batchnorm_small_batch", trains=True)
def independence(subject: Subject) -> Iterator[Seen]:
    """Yield outputs that depend on other samples of the batch."""
    if not sound(subject) or len(subject.batch[0]) < 2:
        return
    moved = in_evaluation(subject)
    if moved > MOVED:
        yield Suspicion(
            finding=Finding(
                fault="tensor_shape",
                severity=Severity.ERROR,
                where="model",
                evidence=f"in evaluation mode the outputs of a sample change by {moved:.2g} of their spread if "
                "another sample of the batch is exchanged",
                remedy="look for reshape, view, transpose, softmax and mean that reach across dimension 0, the batch",
                numbers={"change": moved, "threshold": MOVED},
            ),
            weight=0.9,
            explains=(
                "train_val_mismatch",
                "capacity_too_small",
                "labels_wrong",
                "overfitting",
                "output_activation",
            ),
        )
        return
    values = fewest(subject)
    noise = in_training(subject) if values <= SMALL else 0.0
    if noise > NOISY:
        yield _noisy(values, noise)
    else:
        yield Passed(
            name="independence", evidence=f"in evaluation mode outputs change by {moved:.1g} of their spread"
        )


def in_evaluation(subject: Subject) -> float:
    """Return by how much exchanging one sample changes the others' outputs, relative to their spread over samples."""
    x = subject.batch[0][:SAMPLES]
    place = torch.arange(len(x))
    with torch.no_grad(), in_mode(subject.model, False):
        before = _outputs(subject, x)
        moved = [
            (_outputs(subject, x[torch.where(place == k, (k + 1) % len(x), place)]) - before)[place != k]
            for k in (0, len(x) - 1)
        ]
    return max(float(change.abs().max()) for change in moved) / _spread(before)


def in_training(subject: Subject) -> float:
    """Return the variance of outputs over a sample's neighbours, as a part of that over neighbours and samples."""
    learner = trained(subject).learner
    split, size = learner.splits["train"], learner.config.batch_size or 1
    drawn = torch.Generator().manual_seed(subject.seed)
    outputs = list[Tensor]()
    with torch.no_grad(), rehearsal(learner.model):
        for place in torch.randint(len(split), (SEEN,), generator=drawn).tolist():
            others = torch.randint(len(split), (TURNS, size), generator=drawn)
            others[:, 0] = place
            outputs.append(torch.stack([learner.model(split.take(index)[0])[0] for index in others]))
    stacked = torch.stack(outputs)
    within, between = stacked.var(1).mean(), stacked.mean(1).var(0).mean()
    return float(within / (within + between)) if within + between > 0 else 0.0


def fewest(subject: Subject) -> float:
    """Return the fewest values from which batch normalization takes a mean in training; infinity without any."""
    counts = list[int]()
    norms = [module for module in subject.model.modules() if isinstance(module, _BatchNorm)]
    hooks = [
        norm.register_forward_pre_hook(lambda _, inputs: counts.append(inputs[0].numel() // inputs[0].shape[1]))
        for norm in norms
    ]
    try:
        if norms:
            with torch.no_grad(), rehearsal(subject.model):
                subject.model(subject.batch[0])
    finally:
        for hook in hooks:
            hook.remove()
    return min(counts, default=math.inf)


def _outputs(subject: Subject, x: Tensor) -> Tensor:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(subject.seed)
        return subject.model(x)


def _noisy(values: float, noise: float) -> Suspicion:
    return Suspicion(
        finding=Finding(
            fault="batchnorm_small_batch",
            severity=Severity.WARNING,
            where="batch normalization",
            evidence=f"batch normalization takes its statistics from {values:g} values, and {noise:.0%} of the "
            "variance of outputs in training comes from which samples share the batch",
            remedy=f"make the batch at least {BATCH}, or take GroupNorm or LayerNorm",
            numbers={"values": values, "from neighbours": noise, "threshold": NOISY},
        ),
        weight=0.75,
        change=Change(words=f"batch_size={BATCH}", apply=lambda setup: with_batch(setup, BATCH)),
        explains=("train_eval_mode", "lr_too_high", "overfitting"),
    )


@look("Does the model say the same in both modes?", "train_eval_mode", "batchnorm_small_batch", trains=True)
def modes(subject: Subject) -> Iterator[Seen]:
    """Yield a model that is random in evaluation mode, or worse there than in training mode."""
    if not sound(subject) or subject.trace.diverged:
        return
    trainee = trained(subject)
    drawn = random_in_evaluation(trainee)
    split = trainee.learner.splits["train"]
    ours, theirs = judge(trainee, split), judge(trainee, split, training=True)
    lost = theirs.skill - ours.skill
    told = (
        f"after {len(subject.trace.losses)} updates the loss on training samples is {ours.loss:.3g} in evaluation "
    )
    told += f"mode and {theirs.loss:.3g} in training mode"
    if drawn > MOVED:
        yield _random(drawn)
    elif lost > APART and ours.loss > theirs.loss:
        yield _worse(told, lost, fewest(subject))
    else:
        yield Passed(name="modes", evidence=told)


def random_in_evaluation(trainee: Trainee) -> float:
    """Return how far apart two outputs for the same samples are in evaluation mode, relative to their spread."""
    x, _ = trainee.learner.splits["train"].take(torch.arange(min(SAMPLES, len(trainee.learner.splits["train"]))))
    with torch.no_grad(), in_mode(trainee.model, False), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first, second = trainee.model(x), trainee.model(x)
    return float((second - first).abs().mean()) / _spread(first)


def _spread(output: Tensor) -> float:
    """Return how far outputs for different samples are apart; their size if they are the same."""
    return float(output.std(0, correction=0).mean()) or float(output.abs().mean()) or 1.0


def _random(drawn: float) -> Suspicion:
    return Suspicion(
        finding=Finding(
            fault="train_eval_mode",
            severity=Severity.WARNING,
            where="model",
            evidence=f"in evaluation mode two outputs for the same samples differ by {drawn:.2g} of their spread",
            remedy="pass training=self.training to functional.dropout, or take nn.Dropout",
            numbers={"difference": drawn, "threshold": MOVED},
        ),
        weight=0.9,
        explains=("train_val_mismatch", "dropout_too_high"),
    )


def _worse(told: str, lost: float, values: float) -> Suspicion:
    few = values <= SMALL
    return Suspicion(
        finding=Finding(
            fault="batchnorm_small_batch" if few else "train_eval_mode",
            severity=Severity.WARNING,
            where="batch normalization" if math.isfinite(values) else "model",
            evidence=f"{told}: its skill is {lost:.2f} lower",
            remedy=f"make the batch at least {BATCH}, or take GroupNorm or LayerNorm"
            if few
            else "look at what differs by mode: the momentum and use of running statistics above all",
            numbers={"skill lost": lost, "threshold": APART},
        ),
        weight=0.6,
        change=Change(words=f"batch_size={BATCH}", apply=lambda setup: with_batch(setup, BATCH)) if few else None,
        explains=("train_val_mismatch", "overfitting"),
    )
