"""The tables as small pairs of tensors: in their own units, or standardized by the training part.

Labels are int64 of shape ``(n,)``, measures float32 of shape ``(n, 1)``. Rows that repeat are kept together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from tests.faults.made import Parts
from thalweg import data
from thalweg.data.measured import abalone as read_abalone
from thalweg.data.measured import wine_quality as read_quality
from thalweg.data.splits import repeats, three_parts


@cache
def wine() -> Parts:
    """107 wines to learn from, 13 measures, three growers."""
    whole = data.wine()
    return parted(whole.x, torch.from_numpy(whole.y))


@cache
def cancer() -> Parts:
    """341 tumours to learn from, 30 measures, malignant (0) or benign (1)."""
    whole = data.cancer()
    return parted(whole.x, torch.from_numpy(whole.y))


@cache
def diabetes() -> Parts:
    """265 patients to learn from, 10 measures, and the progression of their disease, 25 to 346."""
    x, y = data.diabetes()
    return parted(x, _column(y))


@cache
def abalone() -> Parts:
    """2,506 sea snails to learn from, sex in three columns and seven measures, and their rings."""
    x, y = read_abalone()
    return parted(x, _column(y))


@cache
def quality() -> Parts:
    """2,400 wines to learn from, 11 measures and the colour, and tasters' marks from 3 to 9."""
    x, y = read_quality()
    some = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:4000].numpy()
    return parted(x[some], _column(y[some]))


def parted(x: ArrayLike, y: Tensor) -> Parts:
    """Hold out a fifth for testing and a quarter of the rest for validation."""
    inputs = torch.as_tensor(x).float()
    labels = None if y.is_floating_point() else y
    index = three_parts(len(y), test=0.2, valid=0.25, seed=0, labels=labels, groups=repeats(inputs))
    return Parts(*((inputs[part], y[part]) for part in map(torch.from_numpy, index)))


def scaled(parts: Parts) -> Parts:
    """Standardize every input by the training part."""
    mean, spread = parts.train[0].mean(0), parts.train[0].std(0)
    return Parts(*(((x - mean) / spread, y) for x, y in parts))


def target_scaled(parts: Parts) -> Parts:
    """Standardize the target by the training part."""
    mean, spread = parts.train[1].mean(), unit(parts)
    return Parts(*((x, (y - mean) / spread) for x, y in parts))


def unit(parts: Parts) -> float:
    """Return what 1 of a standardized target is worth: its standard deviation in the training part."""
    return parts.train[1].std().item()


def retargeted(parts: Parts, target: Callable[[Tensor], Tensor]) -> Parts:
    """Put a function of the targets in their place."""
    return Parts(*((x, target(y)) for x, y in parts))


def _column(y: ArrayLike) -> Tensor:
    return torch.as_tensor(y).float()[:, None]
