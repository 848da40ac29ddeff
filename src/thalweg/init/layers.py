"""The layers that an initializer sets: how they are found, what they are connected to, how they are filled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from thalweg.core.errors import ModelError

Transposed = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
Layer = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d | Transposed
NORMALIZATIONS = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)


class Fans(NamedTuple):
    """The connections of one unit of a layer.

    Attributes:
        into: The inputs that one output unit sums.
        out: The output units that one input goes to.
    """

    into: float
    out: float


def layers(module: nn.Module) -> Iterator[tuple[str, Layer]]:
    """Yield the linear and convolution layers with their names, in the order of ``module.modules()``.

    Raises:
        ModelError: A layer without weights of its own: a lazy one whose shape is not known yet, or one whose
            weight is computed from other parameters.

    Example:
        >>> [name for name, _ in layers(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))]
        ['0', '2']
    """
    for name, layer in module.named_modules():
        if not isinstance(layer, Layer):
            continue
        if is_lazy(layer.weight):
            raise ModelError(
                f"The layer {name or type(layer).__name__} has no weights to initialize yet.",
                remedy="run one batch through the model first, so that its lazy layers learn their shape",
            )
        if not isinstance(layer.weight, nn.Parameter):
            raise ModelError(
                f"The weight of the layer {name or type(layer).__name__} is computed from other parameters.",
                remedy="initialize the model before it is parametrized, as by weight_norm or spectral_norm",
            )
        yield name, layer


def fans(layer: Layer) -> Fans:
    """Return how many connections one output unit and one input have.

    A stride puts zeros between the inputs of a transposed convolution, and lets an input of a convolution out in
    fewer windows; so these two are means over the positions, away from the border.

    Example:
        >>> fans(nn.Linear(3, 5)), fans(nn.Conv2d(8, 16, 3, stride=2, groups=2))
        (Fans(into=3, out=5), Fans(into=36, out=18.0))

    Reference:
        torch's own count for its initializers divides the fan-out neither by groups nor by strides, and takes the
        two the other way round for transposed convolutions.
    """
    if isinstance(layer, nn.Linear):
        return Fans(layer.in_features, layer.out_features)
    window = math.prod(layer.kernel_size)
    into, out = layer.in_channels // layer.groups * window, layer.out_channels // layer.groups * window
    strides = math.prod(layer.stride)
    return Fans(into / strides, out) if isinstance(layer, Transposed) else Fans(into, out / strides)


@torch.no_grad()
def fill(layer: Layer, weight: Tensor) -> None:
    """Copy drawn weights, and zero the bias."""
    layer.weight.copy_(weight)
    if layer.bias is not None:
        layer.bias.zero_()


def normal(layer: Layer, std: float, generator: torch.Generator | None) -> Tensor:
    """Draw weights from N(0, std^2), on the CPU."""
    return torch.randn(layer.weight.shape, **_drawn(layer, generator)).mul_(std)


def uniform(layer: Layer, bound: float, generator: torch.Generator | None) -> Tensor:
    """Draw weights between -bound and bound, on the CPU."""
    return torch.rand(layer.weight.shape, **_drawn(layer, generator)).mul_(2 * bound).sub_(bound)


def _drawn(layer: Layer, generator: torch.Generator | None) -> dict[str, Any]:
    return {"generator": generator, "dtype": layer.weight.dtype}
