"""Xavier initialization as lectures have it: the variance of the signal stays the same through linear units."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from thalweg.init.he import he_

M = TypeVar("M", bound=nn.Module)


def xavier_(module: M, *, gain: float = 1, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to normal weights of variance ``1 / n_in``, in place.

    ``W ~ N(0, gain^2 / n_in)`` and ``b = 0``. It looks at the way forward alone; torch's ``xavier_*`` are
    Glorot's, who looks both ways (`glorot_`), and `lecun_` is the same variance, drawn uniformly.

    Args:
        module: A layer or a whole model; layers draw in the order of ``module.modules()``.
        gain: A factor for all weights.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A layer without weights of its own.

    Example:
        >>> net = xavier_(nn.Linear(400, 100), generator=torch.Generator().manual_seed(0))
        >>> round(net.weight.std().item(), 3)
        0.05

    Reference:
        Named after Glorot & Bengio 2010, eq. 10 (n_in var(W) = 1), the half of their argument that looks forward.
    """
    return he_(module, gain=gain, generator=generator)
