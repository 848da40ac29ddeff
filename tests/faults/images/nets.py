"""The models and optimizers that most cases share; each case with a model fault writes out its own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

Model = Callable[[], nn.Module]
Factory = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def mlp(*widths: int, act: Callable[[], nn.Module] = nn.ReLU, drop: float = 0) -> Model:
    """A fully connected net, with dropout behind every hidden layer if asked for."""

    def make() -> nn.Module:
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in pairwise(widths[:-1]):
            layers += [nn.Linear(inputs, outputs), act()] + [nn.Dropout(drop)] * (drop > 0)
        return nn.Sequential(*layers, nn.Linear(*widths[-2:]))

    return make


def cnn(
    side: int, channels: int = 1, widths: tuple[int, int] = (8, 16), norm: Callable[[int], nn.Module] | None = None
) -> Model:
    """Two convolutions with pooling, then one dense layer; with a normalization in front of each ReLU if given."""

    def make() -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((channels, *widths)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1)] + ([norm(outputs)] if norm else [])
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * (side // 4) ** 2, 10))

    return make


class Residual(nn.Module):
    """A block that adds what it makes of its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()),
            *(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


def resnet(channels: int, blocks: int, side: int = 32, inputs: int = 3) -> Model:
    """A small residual net with BatchNorm."""

    def make() -> nn.Module:
        return nn.Sequential(
            *(
                nn.Conv2d(inputs, channels, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ),
            *(Residual(channels) for _ in range(blocks)),
            *(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(channels * (side // 8) ** 2, 10)),
        )

    return make


def sgd(lr: float, momentum: float = 0.9, **options: Any) -> Factory:
    """torch's SGD."""
    return lambda parameters: torch.optim.SGD(parameters, lr=lr, momentum=momentum, **options)


def adam(lr: float = 1e-3, **options: Any) -> Factory:
    """torch's Adam."""
    return lambda parameters: torch.optim.Adam(parameters, lr=lr, **options)
