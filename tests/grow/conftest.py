"""Nets of many kinds, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

Apart = Callable[[nn.Module, nn.Module, Tensor], float]


class Block(nn.Module):
    """A residual block, with a projection where the width changes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.project = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x)))))
        y += self.project(x)
        return self.relu(y)


class Residual(nn.Module):
    """A stem, two blocks of one width, one of another, mean over the image, linear."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.blocks = nn.Sequential(Block(4, 4), Block(4, 4), Block(4, 6))
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(functional.adaptive_avg_pool2d(self.blocks(self.stem(x)), 1).flatten(1))


class Forward(nn.Module):
    """Layers by name, and a function that uses them."""

    def __init__(self, forward: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.function = forward
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


@pytest.fixture(scope="session")
def net() -> type[Forward]:
    """Makes a net of layers by name, and a function of the net and its input."""
    return Forward


@pytest.fixture
def residual() -> nn.Module:
    torch.manual_seed(0)
    return settled(Residual().double(), torch.randn(8, 3, 6, 6, dtype=torch.float64))


def settled(model: nn.Module, x: Tensor) -> nn.Module:
    """Let batch norms see some batches, and have scales of their own."""
    for _ in range(3):
        model(x)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.affine:
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_()
    return model


@pytest.fixture(scope="session")
def apart() -> Apart:
    """A function that gives the largest difference between two models, in training and in evaluation."""

    def measure(one: nn.Module, other: nn.Module, x: Tensor) -> float:
        found = []
        for training in (True, False):
            outputs = []
            for model in (one, other):
                torch.manual_seed(0)
                outputs.append(deepcopy(model).train(training)(x))
            found.append((outputs[0] - outputs[1]).abs().max().item())
        return max(found)

    return measure
