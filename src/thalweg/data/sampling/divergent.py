"""Successive samples from different classes."""

from __future__ import annotations

from itertools import accumulate

import torch
from torch import Generator, Tensor

from thalweg.data.sampling.draws import classes_of, generator


def class_divergent(n: int, *, seed: int, epoch: int, labels: Tensor) -> Tensor:
    """Shuffle so that no two successive samples are of one class, where that is possible.

    A network learns most from the least expected sample, and a sample of another class is less expected. Each
    class is spread evenly over the epoch. If one has more than half of the samples, its repeats are spread
    evenly, and there are no more of them than needed.

    Args:
        n: Number of samples.
        seed: The run's seed.
        epoch: The number of the epoch.
        labels: The class of each sample, shape ``(n,)``.

    Returns:
        A permutation of ``0 .. n - 1``, int64.

    Raises:
        DataError: Labels that are not one class a sample.

    Example:
        >>> labels = torch.tensor([0, 0, 0, 1, 1, 2])
        >>> labels[class_divergent(6, seed=0, epoch=0, labels=labels)]
        tensor([0, 1, 0, 1, 2, 0])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.2, first rule; the arrangement is our own.
    """
    classes = classes_of(labels, n)
    random = generator(seed, epoch)
    shuffled = torch.randperm(n, generator=random)
    counts = classes.bincount()
    largest = int(counts.max())
    if 2 * largest > n:
        return _around(int(counts.argmax()), classes, shuffled, random)
    return _rows(n // largest, classes, shuffled, random)


def _around(majority: int, classes: Tensor, shuffled: Tensor, random: Generator) -> Tensor:
    """Spread the other classes over the gaps between samples of the majority, at most one in each."""
    is_other = classes[shuffled] != majority
    others, most = shuffled[is_other], shuffled[~is_other]
    start = torch.rand((), dtype=torch.float64, generator=random)
    gaps = (torch.arange(len(others)) + start) * (len(most) - 1) / max(1, len(others))
    places = gaps.long() + 1 + torch.arange(len(others))
    result = shuffled.clone()
    held = torch.zeros(len(shuffled), dtype=torch.bool)
    held[places] = True
    result[held], result[~held] = others, most
    return result


def _rows(width: int, classes: Tensor, shuffled: Tensor, random: Generator) -> Tensor:
    """Arrange samples in rows of `width` >= 2 different classes, shuffle the rows, and join them.

    The samples, sorted by class, fill a table column by column. No class is longer than a column, so a row never
    holds a class twice (systematic sampling). The shorter last row comes first.
    """
    n = len(shuffled)
    rank = torch.randperm(int(classes.max()) + 1, generator=random)[classes[shuffled]]
    ordered = shuffled[rank.argsort(stable=True)]
    height = -(-n // width)
    short = n - (height - 1) * width
    starts = [0, *accumulate(height - (column >= short) for column in range(width - 1))]
    rows = torch.randperm(height - 1, generator=random)
    turns = torch.rand(height - 1, width, generator=random).argsort(1)
    table = ordered[(rows[:, None] + torch.tensor(starts)).gather(1, turns)]
    head = ordered[torch.tensor(starts[:short]) + height - 1]
    return torch.cat([head, _joined(table, head[-1], classes).flatten()])


def _joined(table: Tensor, before: Tensor, classes: Tensor) -> Tensor:
    """Swap the first two of each row that begins with the class that ends the row before."""
    ends = torch.cat([before[None], table[:-1, -1]])
    if table.shape[1] > 2:
        clash = classes[table[:, 0]] == classes[ends]
    else:  # the swap changes the row's end too: look at one row after the other
        pairs, last, swaps = classes[table].tolist(), int(classes[before]), []
        for first, second in pairs:
            swaps.append(first == last)
            last = first if first == last else second
        clash = torch.tensor(swaps, dtype=torch.bool)
    swapped = table.clone()
    swapped[clash, :2] = table[clash, :2].flip(1)
    return swapped
