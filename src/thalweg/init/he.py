"""He initialization: the second moment of the signal stays the same through layers of ReLU."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from thalweg.core.errors import ModelError

M = TypeVar("M", bound=nn.Module)

_Forward = nn.Conv1d | nn.Conv2d | nn.Conv3d
_Transposed = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d


@torch.no_grad()
def he_(module: M, *, generator: torch.Generator | None = None) -> M:
    """Set all linear and convolution layers to He's normal initialization, in place.

    ``W ~ N(0, 2 / fan_in)`` and ``b = 0``, where ``fan_in`` is the number of inputs that one output unit
    sums: on average, for a transposed convolution, whose stride puts zeros between its inputs. Other layers are
    left as they are.

    Args:
        module: A layer or a whole model; layers draw in the order of ``module.modules()``.
        generator: A generator on the CPU, whatever the module's device, so that a seed gives the same
            weights on all of them; ``None`` draws from torch's global one.

    Returns:
        The module.

    Raises:
        ModelError: A lazy layer whose shape is not known yet.

    Example:
        >>> net = he_(nn.Linear(200, 100), generator=torch.Generator().manual_seed(0))
        >>> round(net.weight.std().item(), 3), net.bias.abs().max().item()
        (0.1, 0.0)

    Reference:
        K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", 2015, eq. 10.
    """
    for name, layer in module.named_modules():
        if not isinstance(layer, nn.Linear | _Forward | _Transposed):
            continue
        if is_lazy(layer.weight):
            raise ModelError(
                f"The layer {name or type(layer).__name__} has no weights to initialize yet.",
                remedy="run one batch through the model first, so that its lazy layers learn their shape",
            )
        weight = layer.weight
        drawn = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
        weight.copy_(drawn.mul_(math.sqrt(2 / _fan_in(layer))))
        if layer.bias is not None:
            layer.bias.zero_()
    return module


def _fan_in(layer: nn.Linear | _Forward | _Transposed) -> float:
    if isinstance(layer, nn.Linear):
        return layer.in_features
    window = layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    return window / math.prod(layer.stride) if isinstance(layer, _Transposed) else window
