"""Skill: how much outputs tell of the targets, 0 where they tell nothing and 1 where they are right."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.check.trainee import Trainee
from thalweg.data.batches import Split, batches

JUDGED = 1000
"""Samples that a model is judged on: a share of one half is then known to 0.016."""

AT_ONCE = 250


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a model does on some samples.

    Attributes:
        loss: The problem's.
        skill: See `skill`.
        error: Its standard error.
        output: Outputs.
        target: Targets.
    """

    loss: float
    skill: float
    error: float
    output: Tensor
    target: Tensor


def judge(trainee: Trainee, split: Split, *, training: bool = False, count: int = JUDGED) -> Judged:
    """Judge a model at theta on `count` samples evenly spread over a split, or all.

    Args:
        trainee: Whose model it is; it stays as it was, buffers too.
        split: The samples.
        training: Whether the model is in training mode meanwhile, in batches of the size that it is trained on.
        count: Samples at most.

    Returns:
        What it does; of outputs of several parts the loss alone, with no skill and no outputs.
    """
    n, learner = len(split), trainee.learner
    index = torch.arange(n) if n <= count else torch.linspace(0, n - 1, count).long()
    size = (learner.config.batch_size or AT_ONCE) if training else AT_ONCE
    if training and n > size:
        index = index[: len(index) // size * size or size]  # a smaller last batch has other statistics
    with learner.at_theta(), learner.own_generators(), torch.no_grad(), in_mode(trainee.model, training):
        learner.seed(learner.config.seed)
        pairs = [(trainee.model(x), y) for x, y in batches(split, size, index)]
    if not isinstance(pairs[0][0], Tensor):
        return _judged_by_loss(learner.problem.loss, pairs)
    output, target = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    loss, (mean, error) = float(learner.problem.loss(output, target)), measure(output, target)
    return Judged(loss=loss, skill=mean, error=error, output=output, target=target)


def _judged_by_loss(loss: Callable[[Any, Tensor], Tensor], pairs: Sequence[tuple[Any, Tensor]]) -> Judged:
    """Judge outputs of several parts by the mean of the losses of the batches alone."""
    target = torch.cat([y for _, y in pairs])
    mean = sum(float(loss(output, y)) * len(y) for output, y in pairs) / len(target)
    return Judged(loss=mean, skill=math.nan, error=math.nan, output=torch.empty(0), target=target)


@contextmanager
def in_mode(model: nn.Module, training: bool) -> Iterator[None]:
    """Have a model in a mode inside; modes and buffers are then as before."""
    modes = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        with same_buffers(model):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def same_buffers(model: nn.Module) -> Iterator[None]:
    """Put the buffers of a model back as they were."""
    kept = {buffer: buffer.clone() for buffer in model.buffers()}
    try:
        yield
    finally:
        for buffer, value in kept.items():
            buffer.detach().copy_(value)


def measure(output: Tensor, y: Tensor) -> tuple[float, float]:
    """Return how much better outputs are than always the same one, and the standard error.

    Of labels it is the share told right beyond that of the most frequent one, as a part of what is left beyond it;
    of numbers the share of their variance that is explained. Never below -1; NaN where nobody can say.

    Args:
        output: Shape ``(n, C, ...)`` for labels, the form of `y` for numbers.
        y: Labels, shape ``(n, ...)``, of which negative ones are ignored; numbers; or one-hot labels.

    Example:
        >>> skill, error = measure(torch.eye(4)[[0, 1, 2, 2]], torch.arange(4))
        >>> round(skill, 2), round(error, 2)
        (0.67, 0.23)
        >>> measure(torch.zeros(2, 1), torch.tensor([[1.0], [-1.0]]))[0]
        0.0
    """
    told, right = guesses(output, y)
    if told is not None and right is not None:
        return _of_labels(told, right)
    if output.numel() != y.numel() or not y.is_floating_point() or len(y) < 2:
        return math.nan, math.nan
    missed = (output.reshape(y.shape).double() - y.double()).square().flatten(1 if y.ndim > 1 else 0)
    spread = y.double().var(0, correction=0).sum()
    if not spread > 0:
        return math.nan, math.nan
    each = (missed.sum(1) if y.ndim > 1 else missed) / spread
    return max(-1.0, 1 - each.mean().item()), each.std().item() / math.sqrt(len(y))


def _of_labels(told: Tensor, right: Tensor) -> tuple[float, float]:
    n = right.numel()
    most = right.bincount().max().item() / n if n else 1.0
    if most == 1:
        return math.nan, math.nan
    share = (told == right).double().mean().item()
    doubted = (share * n + 2) / (n + 4)  # Agresti & Coull 1998: all right of a few is not certainty
    return max(-1.0, (share - most) / (1 - most)), math.sqrt(doubted * (1 - doubted) / (n + 4)) / (1 - most)


def guesses(output: Tensor, y: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """Return the labels that outputs tell and the right ones, both flat; None for targets that are no labels."""
    if not y.is_floating_point() and output.ndim == y.ndim + 1 and output.shape[1] > 1:
        counted = y.flatten() >= 0
        return output.argmax(1).flatten()[counted], y.flatten()[counted].long()
    if output.shape == y.shape and y.ndim == 2 and y.shape[1] > 1 and _one_hot(y):
        return output.argmax(1), y.argmax(1)
    if output.numel() == y.numel() and bool(((y == 0) | (y == 1)).all()):
        logits = bool((output < 0).any() or (output > 1).any())
        return (output.flatten() > (0 if logits else 0.5)).long(), y.flatten().long()
    return None, None


def _one_hot(y: Tensor) -> bool:
    return bool(((y == 0) | (y == 1)).all() and (y.sum(1) == 1).all())
