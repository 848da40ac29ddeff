"""Independent draws of samples, each with its own probability."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from thalweg.core.errors import DataError
from thalweg.core.seeding import derive


def generator(seed: int, epoch: int) -> Generator:
    """Return the generator of one epoch's order, that of `thalweg.data.batches.order`."""
    return torch.Generator().manual_seed(derive(seed, "order", epoch))


def draws(weights: Tensor, count: int, generator: Generator) -> Tensor:
    """Draw indices with replacement, in proportion to weights, by inverting their distribution function.

    Args:
        weights: Finite numbers >= 0, not all 0, shape ``(n,)``; `torch.multinomial` takes at most 2^24.
        count: How many to draw.
        generator: Where to draw from.

    Returns:
        Indices, int64, shape ``(count,)``; none has weight 0.

    Example:
        >>> draws(torch.tensor([0.0, 1.0, 0.0]), 4, generator(0, 0))
        tensor([1, 1, 1, 1])
    """
    reach = weights.double().cumsum(0)
    u = torch.rand(count, dtype=torch.float64, generator=generator) * reach[-1]
    return torch.searchsorted(reach, u, right=True).clamp(max=int(weights.nonzero()[-1]))


def classes_of(labels: Tensor, n: int) -> Tensor:
    """Return the classes of n samples, numbered from 0 with none left out, on the CPU.

    Raises:
        DataError: They are not one whole number a sample.
    """
    if labels.shape != (n,) or labels.is_floating_point() or labels.is_complex():
        raise DataError(
            "The labels to sample by are not one class a sample.",
            got=f"shape {tuple(labels.shape)}, {labels.dtype}",
            expected=f"whole numbers, shape ({n},)",
        )
    return labels.cpu().unique(return_inverse=True)[1]
