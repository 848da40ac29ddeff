"""Nominal: are numbers names of classes, or amounts? A linear fit tells."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from thalweg.check.looks.whole import matrix

SAMPLES, INPUTS = 2000, 600
"""Samples and inputs that are fitted at most, evenly spread: a blink."""

RIDGE = 1e-2
"""Of the number of samples, added to the diagonal: inputs are standardized."""

CLASSES = 50
"""Numbers that may be names."""


class Told(NamedTuple):
    """Shares of samples kept apart whose number a linear fit tells.

    Attributes:
        as_amount: Fitted as one amount, rounded.
        as_name: Fitted as one score a number, the largest of which counts.
    """

    as_amount: float
    as_name: float


def nominal(x: Tensor, y: Tensor) -> Told | None:
    """Return how well numbers are told as amounts and as names; None if they are no whole numbers from 0 on.

    Args:
        x: Inputs, shape ``(n, ...)``.
        y: One number a sample.

    Example:
        >>> x = torch.randn(600, 4, generator=torch.Generator().manual_seed(0))
        >>> told = nominal(x, torch.tensor([1, 3, 0, 2])[x.argmax(1)])
        >>> told.as_name > told.as_amount + 0.3
        True
    """
    numbers = y.flatten().double()
    if x.is_complex() or len(numbers) != len(x) or len(x) < 60 or not bool((numbers == numbers.round()).all()):
        return None
    size = int(numbers.max()) + 1
    if numbers.min() != 0 or not 3 <= size <= CLASSES or len(numbers.unique()) != size:
        return None
    place = torch.linspace(0, len(x) - 1, min(len(x), SAMPLES)).long()
    place = place[torch.randperm(len(place), generator=torch.Generator().manual_seed(0))]
    rows, wanted = _inputs(x[place]), numbers[place].long()
    kept = len(place) * 2 // 3
    scores = torch.cat([wanted.double()[:, None], functional.one_hot(wanted, size).double()], 1)
    gram = rows[:kept].T @ rows[:kept] + RIDGE * kept * torch.eye(rows.shape[1], dtype=rows.dtype)
    fit = rows[kept:] @ torch.linalg.solve(gram, rows[:kept].T @ scores[:kept])
    told = fit[:, 0].round().clamp(0, size - 1).long(), fit[:, 1:].argmax(1)
    amount, name = ((guess == wanted[kept:]).double().mean().item() for guess in told)
    return Told(amount, name)


def _inputs(x: Tensor) -> Tensor:
    rows = matrix(x).double()
    rows = rows[:, torch.linspace(0, rows.shape[1] - 1, min(rows.shape[1], INPUTS)).long()]
    rows = torch.nan_to_num((rows - rows.mean(0)) / rows.std(0).clamp(min=1e-12))
    return torch.cat([rows, torch.ones(len(rows), 1, dtype=rows.dtype)], 1)
