"""Glorot initialization: a compromise between a steady signal forward and a steady gradient backward."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from thalweg.init.layers import fans, fill, layers, uniform

M = TypeVar("M", bound=nn.Module)


def glorot_(module: M, *, gain: float = 1, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to Glorot's uniform initialization, in place.

    ``W ~ U(-r, r)`` with ``r = gain sqrt(6 / (n_in + n_out))`` and ``b = 0``: the variance is ``2 gain^2 / (n_in +
    n_out)``. For units that are close to the identity near 0, such as tanh.

    Args:
        module: A layer or a whole model; layers draw in the order of ``module.modules()``.
        gain: 1 for tanh; for logistic sigmoids see `glorot_sigmoid_`.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A layer without weights of its own.

    Example:
        >>> net = glorot_(nn.Linear(200, 400), generator=torch.Generator().manual_seed(0))
        >>> round(net.weight.max().item(), 4), round(math.sqrt(6 / 600), 4)
        (0.1, 0.1)

    Reference:
        X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010,
        eq. 16. `torch.nn.init.xavier_uniform_` is the same where a layer has neither groups nor strides.
    """
    for _, layer in layers(module):
        fill(layer, uniform(layer, gain * math.sqrt(6 / sum(fans(layer))), generator))
    return module


def glorot_sigmoid_(module: M, *, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers as `glorot_` does, four times wider: for logistic sigmoids.

    ``sigmoid(4 x) = (1 + tanh(2 x)) / 2``: the slope of a sigmoid at 0 is 1/4, that of tanh is 1.

    Args:
        module: A layer or a whole model.
        generator: A generator on the CPU; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A layer without weights of its own.

    Example:
        >>> net = glorot_sigmoid_(nn.Linear(200, 400), generator=torch.Generator().manual_seed(0))
        >>> round(net.weight.max().item(), 4)
        0.4

    Reference:
        Y. Bengio, "Practical recommendations for gradient-based training of deep architectures", 2012, section 3.
    """
    return glorot_(module, gain=4, generator=generator)
