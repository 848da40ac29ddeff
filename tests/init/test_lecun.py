from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.init import lecun_, xavier_

Seeded = Callable[..., torch.Generator]


@pytest.mark.parametrize("function", [lecun_, xavier_])
def test_both_have_the_variance_of_one_over_the_fan_in(function: Callable[..., nn.Conv2d], seeded: Seeded) -> None:
    weight = function(nn.Conv2d(64, 64, 3), generator=seeded()).weight.detach().double()
    assert weight.square().mean() * 576 == pytest.approx(1, abs=5 * math.sqrt(2 / weight.numel()))


def test_one_is_uniform_the_other_normal(seeded: Seeded) -> None:
    uniform, normal = (
        lecun_(nn.Linear(400, 400), generator=seeded()),
        xavier_(nn.Linear(400, 400), generator=seeded()),
    )
    assert uniform.weight.abs().max() <= math.sqrt(3 / 400)
    assert normal.weight.abs().max() > 4 / 20  # four standard deviations
