"""Whole: all samples of a split where they are in memory, else the few that are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.data.batches import InMemory, Split

CHUNK = 1024
"""Samples that are read at a time."""


SPARSE = 0.5
"""The share of zeros from which on inputs are sparse: to centre them would fill them."""


class Whole(NamedTuple):
    """What is known of a split.

    Attributes:
        x: Inputs, in the order of the samples.
        y: Targets.
        complete: Whether it is all of the split.
    """

    x: Tensor
    y: Tensor
    complete: bool


def whole(subject: Subject, name: str) -> Whole:
    """Return all samples of a split, or those that the subject has read of it, evenly spread."""
    split = subject.splits[name]
    if isinstance(split, InMemory):
        return Whole(split.x, split.y, True)
    x, y = subject.samples[name]
    return Whole(x, y, len(x) == len(split))


def read(split: Split) -> tuple[Tensor, Tensor]:
    """Return all samples of a split, whatever that costs: what a change needs that is to be tried."""
    if isinstance(split, InMemory):
        return split.x, split.y
    parts = [split.take(index) for index in torch.arange(len(split)).split(CHUNK)]
    return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])


def rewritten(change: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> Callable[[Setup], Setup]:
    """Return what makes other inputs and targets of those of every split of a set-up.

    Args:
        change: From all inputs and targets of a split to the new ones.
    """

    def of(split: Split) -> Split:
        return InMemory(*change(*read(split)), split.preprocess)

    return lambda setup: setup.with_problem(**{name: of(split) for name, split in setup.problem.splits.items()})


def matrix(x: Tensor) -> Tensor:
    """Return samples as rows, shape ``(n, d)``.

    Example:
        >>> matrix(torch.zeros(3)).shape, matrix(torch.zeros(3, 2, 2)).shape
        (torch.Size([3, 1]), torch.Size([3, 4]))
    """
    return x.flatten(1) if x.ndim > 1 else x[:, None]


def is_sparse(x: Tensor) -> bool:
    """Return whether most numbers are zero."""
    return (x == 0).double().mean().item() > SPARSE
