from __future__ import annotations

import torch
from torch import nn

from thalweg.problems.convolutional import net_2c2d


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
