from __future__ import annotations

import torch
from torch import nn

from thalweg.problems.convolutional import net_2c2d, net_3c3d


def test_2c2d_has_the_published_layers_and_weights() -> None:
    torch.manual_seed(0)
    net = net_2c2d()
    shapes = [tuple(layer.weight.shape) for layer in net if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert shapes == [(32, 1, 5, 5), (64, 32, 5, 5), (1024, 3136), (10, 1024)]
    weights = torch.cat([p.flatten() for name, p in net.named_parameters() if name.endswith("weight")])
    assert weights.abs().max() <= 0.1
    # A normal cut off at two standard deviations keeps 0.8796 of its own.
    assert abs(weights.std().item() - 0.05 * 0.8796) < 1e-4
    assert all((p == 0.05).all() for name, p in net.named_parameters() if name.endswith("bias"))


def test_3c3d_has_the_published_layers_and_weights() -> None:
    torch.manual_seed(0)
    net = net_3c3d()
    layers = [layer for layer in net if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert [tuple(layer.weight.shape) for layer in layers] == [
        *((64, 3, 5, 5), (96, 64, 3, 3), (128, 96, 3, 3)),
        *((512, 1152), (256, 512), (10, 256)),
    ]
    for layer in layers:
        fans = nn.init._calculate_fan_in_and_fan_out(layer.weight)
        assert abs(layer.weight.std().item() / (2 / sum(fans)) ** 0.5 - 1) < 0.05
        assert (layer.bias == 0).all()


def test_pooling_of_3c3d_keeps_what_stands_half_outside() -> None:
    sizes: list[int] = []
    for layer in (net := net_3c3d()):
        if isinstance(layer, nn.MaxPool2d):
            layer.register_forward_hook(
                lambda _, inputs, output: sizes.extend([inputs[0].shape[-1], output.shape[-1]])
            )
    net(torch.zeros(1, 3, 32, 32))
    assert sizes == [28, 14, 12, 6, 6, 3]
