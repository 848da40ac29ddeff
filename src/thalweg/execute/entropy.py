"""Entropy: the cross-entropy of class labels, for many copies at once, in fewer operations than torch's."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from thalweg.execute.dense import FEW
from thalweg.problems import Problem

_least: WeakKeyDictionary[Problem, float] = WeakKeyDictionary()


def entropy(output: Tensor, target: Tensor, ignored: int | None) -> Tensor:
    """Return the mean of ``-log softmax(output)[target]`` over the samples whose target is not ignored.

    Args:
        output: Shape ``(samples, classes)``.
        target: int64, shape ``(samples,)``.
        ignored: A target that does not count; None if there is none.

    Example:
        >>> entropy(torch.zeros(3, 2), torch.tensor([0, 1, -1]), -1)
        tensor(0.6931)
    """
    few = output.shape[1] < FEW
    axis, laid_out = (0, output.t().contiguous()) if few else (1, output)
    counts = None if ignored is None else target != ignored
    label = target if counts is None else torch.where(counts, target, 0)
    found = laid_out.log_softmax(axis).gather(axis, label.unsqueeze(axis)).squeeze(axis)
    if counts is None:
        return found.sum() / -len(target)
    return -torch.where(counts, found, 0).sum() / counts.sum()


def least_label(problem: Problem) -> float:
    """Return the least label in the data of a problem; negative infinity if they are not at hand."""
    if problem not in _least:
        labels = [split.labels for split in problem.splits.values()]
        known = [own.min().item() for own in labels if own is not None and own.dtype == torch.int64]
        _least[problem] = min(known) if len(known) == len(labels) else -math.inf
    return _least[problem]
