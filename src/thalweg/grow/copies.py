"""Copies: which unit each unit of a widened layer is a copy of."""

from __future__ import annotations

import torch
from torch import Tensor


def copies(old: int, new: int, seed: int = 0) -> Tensor:
    """Return, for each of `new` units, the old one that it copies; the copies of a unit stand side by side.

    ``g: {0 .. new-1} -> {0 .. old-1}``. Each unit is copied ``new // old`` times, and as many as are left over
    once more, drawn without replacement.

    Args:
        old: Units there are, >= 1.
        new: Units there will be, >= `old`.
        seed: Chooses those that are copied once more.

    Returns:
        Integers in ascending order, shape ``(new,)``.

    Example:
        >>> copies(3, 6).tolist(), copies(2, 3).tolist() in ([0, 0, 1], [0, 1, 1])
        ([0, 0, 1, 1, 2, 2], True)

    Reference:
        T. Chen, I. Goodfellow, J. Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016,
        section 2.3. There the copies are drawn with replacement; here no unit is copied twice before all were
        copied once, so that a multiple of the old width copies all alike, as LayerNorm and groups ask for.
    """
    counts = torch.full((old,), new // old)
    extra = torch.randperm(old, generator=torch.Generator().manual_seed(seed))[: new % old]
    counts[extra] += 1
    return torch.repeat_interleave(torch.arange(old), counts)
