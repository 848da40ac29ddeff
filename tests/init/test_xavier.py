from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.init import he_, xavier_

Seeded = Callable[..., torch.Generator]


def test_the_variance_is_one_over_the_fan_in_of_a_normal_distribution(seeded: Seeded) -> None:
    weight = xavier_(nn.Conv2d(64, 64, 3), generator=seeded()).weight.detach().double().flatten()
    assert weight.square().mean() * 576 == pytest.approx(1, abs=5 * math.sqrt(2 / len(weight)))
    assert weight.pow(4).mean() * 576**2 / 3 == pytest.approx(1, abs=5 * math.sqrt(96 / 9 / len(weight)))


def test_he_is_a_gain_of_the_root_of_two(seeded: Seeded) -> None:
    one, other = nn.Linear(9, 9), nn.Linear(9, 9)
    he_(one, generator=seeded())
    xavier_(other, gain=math.sqrt(2), generator=seeded())
    assert torch.equal(one.weight, other.weight)
