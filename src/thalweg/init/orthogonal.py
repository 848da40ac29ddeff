"""Orthogonal initialization: a linear layer turns its input and stretches none of it."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from thalweg.init.layers import fill, layers

M = TypeVar("M", bound=nn.Module)


def orthogonal_(module: M, *, gain: float = 1, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to a random orthogonal matrix times `gain`, in place.

    ``W W' = gain^2 I`` where there are no more rows than columns, else ``W' W = gain^2 I``, and ``b = 0``. A
    convolution is the matrix of its output channels by all that one of them sums, a transposed one of its input
    channels by all that one of them goes to. Each group of channels has a matrix of its own.

    Args:
        module: A layer or a whole model; layers draw in the order of ``module.modules()``.
        gain: A factor for all weights.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A layer without weights of its own.

    Example:
        >>> w = orthogonal_(nn.Linear(5, 3), gain=2, generator=torch.Generator().manual_seed(0)).weight
        >>> torch.allclose(w @ w.T, 4 * torch.eye(3), atol=1e-5)
        True

    Reference:
        A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
        linear neural networks", 2014. By `torch.nn.init.orthogonal_`, which takes no account of groups: the
        filters of a depthwise convolution would share one matrix, and C filters of k weights be sqrt(k / C) long.
    """
    for _, layer in layers(module):
        # Decomposed in 32 bits or more: QR knows no half precision.
        weight = torch.empty(layer.weight.shape, dtype=torch.promote_types(layer.weight.dtype, torch.float32))
        for block in weight.chunk(getattr(layer, "groups", 1)):
            nn.init.orthogonal_(block, gain, generator=generator)
        fill(layer, weight)
    return module
