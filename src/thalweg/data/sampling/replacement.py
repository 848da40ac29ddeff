"""Independent samples, the same one as often as it falls."""

from __future__ import annotations

import torch
from torch import Tensor

from thalweg.data.sampling.draws import generator


def with_replacement(n: int, *, seed: int, epoch: int) -> Tensor:
    """Draw each sample of each batch independently, all with the same probability.

    The expected gradient of every batch is then the true one, whatever came before, as the analysis of stochastic
    gradient descent assumes. An epoch, of n draws, sees about 63 % of the samples.

    Args:
        n: Number of samples.
        seed: The run's seed.
        epoch: The number of the epoch.

    Returns:
        Indices, int64, shape ``(n,)``.

    Example:
        >>> with_replacement(5, seed=0, epoch=1)
        tensor([0, 1, 4, 4, 3])

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 8.1, with minibatches of independent samples, for which
        section 8.1.3 asks.
    """
    return torch.randint(n, (n,), generator=generator(seed, epoch))
