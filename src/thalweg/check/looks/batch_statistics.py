"""Batch statistics: does batch normalization see enough samples, and does what it learned of them come to use?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import torch
from torch import nn
from torch.optim import Optimizer

from thalweg.check.look import Seen, Suspicion, look
from thalweg.check.looks.answer import examples
from thalweg.check.looks.suspect import suspect
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.init.rehearsal import rehearsal

FEW = 4
"""Samples of a batch up to which its statistics are of too few (Wu & He 2018, "Group normalization", figure 1:
from 4 samples down the error of a network of images rises by 3 points and more)."""

VALUES = 64
"""Values of a channel from which on its mean is known well enough, few samples or not."""

BATCH = 32
"""The batch that is proposed."""

LAGGING = 3.0
"""Times its own memory that a running mean needs to forget what it started from: exp(-3) = 5 % of it are left."""

Norm = nn.modules.batchnorm._BatchNorm


@look("Does batch normalization see enough samples?", "batchnorm_small_batch", trains=False)
def batch_statistics(subject: Subject) -> Iterator[Seen]:
    """Yield batch normalization over batches of very few samples, or over a last batch of one."""
    values = fewest(subject)
    if math.isinf(values) or subject.trainee.learner.full_batch:
        return
    size = _size(subject)
    rest = len(subject.splits["train"]) % size
    told = f"batch normalization takes its statistics from {size} samples, {values:g} values of a channel at least"
    if size < FEW or values < FEW:
        yield _small(subject, told, size, values)
    elif rest == 1:
        yield _single(subject, size, int(values) // size)
    else:
        last = f", and {rest} in the last batch of an epoch" if rest else ""
        yield Passed(name="batch statistics", evidence=f"{told}{last}")


@once
def fewest(subject: Subject) -> float:
    """Return the fewest values from which batch normalization takes a mean in training; infinity without any."""
    norms = [module for module in subject.model.modules() if isinstance(module, Norm)]
    counts, (x, _) = list[int](), examples(subject)
    hooks = [
        norm.register_forward_pre_hook(lambda _, args: counts.append(args[0].numel() // args[0].shape[1]))
        for norm in norms
    ]
    try:
        if norms:
            with torch.no_grad(), rehearsal(subject.model):
                subject.model(x)
    except Exception:  # of the user's own code
        pass
    finally:
        for hook in hooks:
            hook.remove()
    return min(counts) * _size(subject) // len(x) if counts else math.inf


def _size(subject: Subject) -> int:
    """Return the samples of a batch."""
    return min(subject.setup.config.batch_size or 1, len(subject.splits["train"]))


def _small(subject: Subject, told: str, size: int, values: float) -> Suspicion:
    grave = values < FEW
    return suspect(
        "batchnorm_small_batch",
        Severity.ERROR if size == 1 and grave else Severity.WARNING,
        "batch normalization",
        told,
        f"make the batch {BATCH} or so, or take GroupNorm or LayerNorm",
        weight=0.9 if grave else 0.6 if values < VALUES else 0.35,
        numbers={"samples": size, "values": values, "threshold": FEW},
        change=(f"batch_size={BATCH}", partial(with_batch, size=min(BATCH, len(subject.splits["train"])))),
        explains=("train_eval_mode", "lr_too_high", "overfitting"),
    )


def _single(subject: Subject, size: int, values: int) -> Suspicion:
    n = len(subject.splits["train"])
    other = next((near for near in range(size + 1, n) if n % near != 1), n)
    return suspect(
        "batchnorm_small_batch",
        Severity.ERROR if values == 1 else Severity.NOTE,
        "last batch",
        f"{n:,} samples in batches of {size} leave a last one of 1, the statistics of batch normalization",
        "leave the last batch out (drop_last=True), or choose another batch size",
        weight=0.95 if values == 1 else 0.3,
        numbers={"samples": 1, "batch": size},
        change=(f"batch_size={other}", partial(with_batch, size=other)),
        explains=("numerical_instability",),
    )


def with_batch(setup: Setup, size: int) -> Setup:
    """Return the set-up with another batch size."""
    return setup.replace(config=setup.config.replace(batch_size=size))


@look("Do running statistics come to use?", "train_eval_mode", trains=False)
def running_statistics(subject: Subject) -> Iterator[Seen]:
    """Yield running statistics that never, or hardly, leave where they start; evaluation goes by them."""
    norms = {
        name: module
        for name, module in subject.model.named_modules()
        if isinstance(module, Norm) and module.running_mean is not None
    }
    if not norms:
        return
    steps = subject.setup.epochs * subject.trainee.learner.steps_per_epoch
    slow = {name: one for name, one in norms.items() if _lags(one, steps) and not _is_loaded(one)}
    if slow:
        name, worst = next(iter(slow.items()))
        yield _lagging(name, len(slow), float(worst.momentum or 0.0), steps)
    else:
        told = f"{len(norms)} batch normalizations, whose running statistics have {steps:,} updates to settle"
        yield Passed(name="running statistics", evidence=told)


def _lags(norm: nn.Module, steps: int) -> bool:
    momentum = getattr(norm, "momentum", None)
    return momentum is not None and momentum * steps < LAGGING


def _is_loaded(norm: nn.Module) -> bool:
    mean = getattr(norm, "running_mean", None)
    return mean is not None and bool(mean.any())


def _lagging(name: str, count: int, momentum: float, steps: int) -> Suspicion:
    left = math.exp(-momentum * steps)
    return suspect(
        "train_eval_mode",
        Severity.WARNING,
        name,
        f"running statistics of {count} batch normalizations move by {momentum:g} of the way an update: after the "
        f"{steps:,} that are planned {left:.0%} of them is what they started from, and evaluation goes by them",
        "take a momentum of 0.1, torch's own: it is the weight of the new",
        weight=0.85,
        numbers={"momentum": momentum, "left": left, "threshold": math.exp(-LAGGING)},
        change=("momentum=0.1 in batch normalization", _settling),
        explains=("train_val_mismatch", "overfitting"),
    )


def _settling(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _settle))


def _settle(model: nn.Module, optimizer: Optimizer) -> None:
    for module in model.modules():
        if isinstance(module, Norm):
            module.momentum = 0.1
