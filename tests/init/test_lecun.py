from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.init import lecun_, signal

Seeded = Callable[..., torch.Generator]


def test_it_is_uniform_with_the_variance_of_one_over_the_fan_in(seeded: Seeded) -> None:
    weight = lecun_(nn.Conv2d(64, 64, 3), generator=seeded()).weight.detach().double().flatten()
    assert weight.square().mean() * 576 == pytest.approx(1, abs=5 * math.sqrt(0.8 / len(weight)))
    assert 0.999 * math.sqrt(3 / 576) < weight.abs().max() <= math.sqrt(3 / 576)


class ScaledTanh(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 1.7159 * torch.tanh(2 * x / 3)


def test_lecuns_tanh_keeps_its_signal_over_many_layers(seeded: Seeded) -> None:
    net = nn.Sequential(*[m for _ in range(30) for m in (nn.Linear(256, 256), ScaledTanh())])
    lecun_(net, generator=seeded())
    rows = signal(net, torch.randn(64, 256, generator=seeded(1)), kinds=(ScaledTanh,)).rows
    assert all(0.2 < row.forward.second < 1.2 for row in rows)
