from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.core.errors import ModelError
from thalweg.init.layers import fans, layers

LAYERS = [
    nn.Conv1d(4, 6, 5),
    nn.Conv2d(4, 6, 3, stride=2, groups=2),
    nn.Conv2d(6, 6, 3, groups=6),
    nn.Conv3d(2, 4, (1, 2, 3), stride=(1, 2, 1)),
    nn.ConvTranspose1d(4, 8, 6, stride=3, groups=2),
    nn.ConvTranspose2d(2, 3, 4, stride=(2, 4)),
    nn.Conv2d(4, 6, 3, dilation=2, padding=2),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_fans_are_the_connections_counted_one_by_one(layer: nn.Conv2d) -> None:
    """With weights of one, an output is the number of its inputs, and a gradient that of its outputs."""
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias)
    places = len(layer.kernel_size)
    x = torch.ones(1, layer.in_channels, *[24] * places, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert interior(y.detach(), places) == pytest.approx(fans(layer).into)
    assert interior(x.grad, places) == pytest.approx(fans(layer).out)


def interior(tensor: torch.Tensor, places: int) -> float:
    """The mean of the middle twelve in each place: a multiple of every stride, far from the border."""
    middle = tuple(slice(size // 2 - 6, size // 2 + 6) for size in tensor.shape[-places:])
    return tensor[(..., *middle)].mean().item() if min(tensor.shape[-places:]) > 12 else tensor.max().item()


def test_a_linear_layer() -> None:
    assert fans(nn.Linear(3, 5)) == (3, 5)


def test_a_weight_that_is_computed_is_refused() -> None:
    net = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)))
    with pytest.raises(ModelError, match=r"weight of the layer 0 is computed[\s\S]*before it is parametrized"):
        list(layers(net))


def test_a_shared_layer_is_one() -> None:
    layer = nn.Linear(3, 3)
    assert list(layers(nn.Sequential(layer, nn.ReLU(), layer))) == [("0", layer)]
