"""The convolutional nets of the catalog."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def net_2c2d(classes: int = 10) -> nn.Sequential:
    """Return DeepOBS's net of two convolutions and two dense layers, for images of 28 x 28.

    Weights are normal with standard deviation 0.05, cut off at two of them; biases are 0.05.

    Args:
        classes: Outputs, >= 1.

    Returns:
        A net from ``(b, 1, 28, 28)`` to ``(b, classes)``, with 3.3 million parameters.

    Example:
        >>> net_2c2d()(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])

    Reference:
        F. Schneider, L. Balles, P. Hennig, "DeepOBS: A Deep Learning Optimizer Benchmark Suite", 2019, table 2.
    """
    net = nn.Sequential(
        *(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(7 * 7 * 64, 1024), nn.ReLU(), nn.Linear(1024, classes)),
    )
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):
            parameter.fill_(0.05)
        else:
            nn.init.trunc_normal_(parameter, std=0.05, a=-0.1, b=0.1)
    return net


@torch.no_grad()
def net_3c3d(classes: int = 10) -> nn.Sequential:
    """Return DeepOBS's net of three convolutions and three dense layers, for colour images of 32 x 32.

    Glorot's initialization, normal for convolutions and uniform for dense layers; biases are 0. Pooling windows
    of 3 x 3 in steps of 2 may stand half outside at the right and at the bottom.

    Args:
        classes: Outputs, >= 1.

    Returns:
        A net from ``(b, 3, 32, 32)`` to ``(b, classes)``, with 0.9 million parameters.

    Example:
        >>> net_3c3d()(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])

    Reference:
        F. Schneider, L. Balles, P. Hennig, "DeepOBS: A Deep Learning Optimizer Benchmark Suite", 2019, table 2.
    """
    net = nn.Sequential(
        *(nn.Conv2d(3, 64, 5), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(64, 96, 3), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(96, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Flatten(), nn.Linear(3 * 3 * 128, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU()),
        nn.Linear(256, classes),
    )
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            draw = nn.init.xavier_uniform_ if isinstance(layer, nn.Linear) else nn.init.xavier_normal_
            draw(layer.weight)
            layer.get_parameter("bias").zero_()
    return net
