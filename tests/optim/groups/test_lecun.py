from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.optim.groups import lecun


class LeNet(nn.Module):
    """Convolutions, a linear layer used twice over the steps of a sequence, one never used, a normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.strided = nn.Conv2d(1, 4, 5), nn.Conv2d(4, 6, 3, stride=2, groups=2)
        self.norm = nn.BatchNorm2d(6)
        self.steps, self.head, self.unused = nn.Linear(6, 6), nn.Linear(96, 3), nn.Linear(7, 7)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.strided(self.conv(x))).flatten(2).mT  # (b, 16, 6)
        return self.head(self.steps(self.steps(x)).flatten(1))


def test_rates_are_in_proportion_to_the_roots_of_fan_in_and_shared_connections() -> None:
    model = LeNet()
    found = lecun(model, torch.randn(7, 1, 13, 13))
    products = {"conv": 25 * 81, "strided": 18 * 16, "steps": 6 * 32, "head": 96 * 1}
    assert {name: m.lr for name, m in found.items()} == {
        f"{layer}.{own}": pytest.approx(math.sqrt(product / 2025))
        for layer, product in products.items()
        for own in ("weight", "bias")
    }
    assert all(m.decay == 1 for m in found.values())
    assert not any(module._forward_hooks for module in model.modules())
    assert model.norm.running_mean.eq(0).all()


def test_the_example_has_to_reach_a_layer() -> None:
    with pytest.raises(ModelError, match="reaches no linear or convolution layer"):
        lecun(nn.ReLU(), torch.ones(2, 2))
    with pytest.raises(ModelError, match="does not go through"):
        lecun(nn.Linear(3, 3), torch.ones(2, 2))
