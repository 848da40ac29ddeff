"""He initialization: the second moment of the signal stays the same through layers of ReLU."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from thalweg.init.layers import fans, fill, layers, normal

M = TypeVar("M", bound=nn.Module)


def he_(module: M, *, gain: float = math.sqrt(2), generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to He's normal initialization, in place.

    ``W ~ N(0, gain^2 / fan_in)`` and ``b = 0``, where ``fan_in`` is the number of inputs that one output unit
    sums: on average, for a transposed convolution, whose stride puts zeros between its inputs. Other layers are
    left as they are.

    Args:
        module: A layer or a whole model; layers draw in the order of ``module.modules()``.
        gain: What makes up for the non-linearity: sqrt(2) for ReLU, ``sqrt(2 / (1 + a^2))`` for one of slope a on
            the left.
        generator: A generator on the CPU, whatever the module's device, so that a seed gives the same
            weights on all of them; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A lazy layer whose shape is not known yet, or a weight that is computed from other parameters.

    Example:
        >>> net = he_(nn.Linear(200, 100), generator=torch.Generator().manual_seed(0))
        >>> round(net.weight.std().item(), 3), net.bias.abs().max().item()
        (0.1, 0.0)

    Reference:
        K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", 2015, eq. 10 and 15.
    """
    for _, layer in layers(module):
        fill(layer, normal(layer, gain / math.sqrt(fans(layer).into), generator))
    return module
