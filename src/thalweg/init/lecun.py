"""LeCun initialization: sums of unit variance, for a tanh that is scaled to keep it."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from thalweg.init.layers import fans, fill, layers, uniform

M = TypeVar("M", bound=nn.Module)


def lecun_(module: M, *, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to uniform weights of standard deviation ``m^(-1/2)``, in place.

    ``W ~ U(-r, r)`` with ``r = sqrt(3 / m)`` and ``b = 0``, where m is the fan-in. Meant for standardized inputs
    and the unit ``1.7159 tanh(2 x / 3)``.

    Args:
        module: A layer or a whole model; layers draw in the order of ``module.modules()``.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A layer without weights of its own.

    Example:
        >>> net = lecun_(nn.Linear(300, 400), generator=torch.Generator().manual_seed(0))
        >>> round(net.weight.max().item(), 4), round(net.weight.std().item() * 300**0.5, 2)
        (0.1, 1.0)

    Reference:
        Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", 1998, section 4.6.
    """
    for _, layer in layers(module):
        fill(layer, uniform(layer, math.sqrt(3 / fans(layer).into), generator))
    return module
