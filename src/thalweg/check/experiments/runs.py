"""Runs: stretches of training that several experiments share, and what they may cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.budget import go_on
from thalweg.check.once import once
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trace import Trace
from thalweg.check.trainee import Trainee
from thalweg.optim.groups.multiplier import DECAYS
from thalweg.train.dropout import dropouts

TAIL = 0.2
"""The share of a run's updates whose mean loss is its loss at the end: one batch alone may be a lucky one."""

TIMED = 4
"""Updates that are timed; the quickest counts, for others may have waited for the machine."""


def sound(subject: Subject) -> bool:
    """Whether the user's own updates can be made at all; else there is nothing to experiment with."""
    return not subject.trace.error and bool(subject.trace.losses)


@once
def trained(subject: Subject) -> Trainee:
    """Return the set-up as it is after the updates of the subject's trace; do not train it on."""
    trainee = Trainee(subject.setup, seed=subject.seed)
    trainee.train(len(subject.trace.losses), judge=False)
    return trainee


@once
def pace(subject: Subject) -> float:
    """Return the seconds of one update."""
    trainee, seconds = Trainee(subject.setup, seed=subject.seed), list[float]()
    for _, (x, y) in zip(range(TIMED), trainee.batches(), strict=False):
        go_on()
        started = time.perf_counter()
        trainee.update(x, y)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def planned(subject: Subject) -> int:
    """Return the updates that the user means to make."""
    return subject.setup.epochs * subject.trainee.learner.steps_per_epoch


def updates(subject: Subject, *, seconds: float, least: int, most: int) -> int:
    """Return how many updates fit into a time: never more than planned.

    Args:
        subject: What is trained.
        seconds: The time.
        least: Updates that are made whatever they cost, unless fewer are planned.
        most: Updates beyond which nothing is learned about the set-up.
    """
    return min(planned(subject), most, max(least, int(seconds / pace(subject))))


def tail(losses: Sequence[float]) -> float:
    """Return the loss at the end of a stretch: the mean of its last updates, infinity if one is not finite.

    Example:
        >>> tail([5.0, 4.0, 3.0, 2.0, 1.0, 1.0]), tail([1.0, float("nan")])
        (1.0, inf)
    """
    last = losses[-max(1, round(TAIL * len(losses))) :]
    return fmean(last) if last and all(map(math.isfinite, last)) else math.inf


def end(trace: Trace) -> float:
    """Return the loss at the end of a run, infinity if it diverged or failed."""
    return math.inf if trace.diverged or trace.error else tail(trace.losses)


def dense(gradient: Tensor) -> Tensor:
    """Return a gradient as a dense tensor: that of an embedding may be sparse."""
    return gradient.detach().to_dense() if gradient.is_sparse else gradient.detach()


def with_optimizer(setup: Setup, factory: Callable[..., Optimizer], **hyper: float) -> Setup:
    """Return the set-up with another optimizer, at its own rate; steps are still made as the user makes them."""
    config = setup.config.replace(hyper={}, groups=None, schedule="constant", schedule_options={}, schedules={})
    return setup.replace(factory=partial(factory, **hyper), config=config, rate=1.0)


def unregularized(setup: Setup) -> Setup:
    """Return the set-up without decay, dropout, augmentation, label smoothing and limits on norms."""
    config = setup.config.replace(dropout=None, augment=None, label_smoothing=None, max_norm=None)
    bare = setup.replace(config=config, mended=(*setup.mended, without_decay, without_dropout))
    return bare if setup.problem.augment is None else bare.with_problem(augment=None)


def without_decay(model: nn.Module, optimizer: Optimizer) -> None:
    """Turn every decay of an optimizer off."""
    del model
    for group in optimizer.param_groups:
        group.update({name: 0.0 for name in DECAYS if name in group})


def without_dropout(model: nn.Module, optimizer: Optimizer) -> None:
    """Turn all dropout layers off, those inside attention and recurrent layers too."""
    del optimizer
    for layer in dropouts(model).values():
        layer.p = 0.0
    for module in model.modules():
        if isinstance(module, nn.RNNBase | nn.MultiheadAttention):
            module.dropout = 0.0
