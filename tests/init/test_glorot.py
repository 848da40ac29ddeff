from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.init import glorot_, glorot_sigmoid_


@pytest.mark.parametrize(
    ("layer", "total"),
    [(nn.Linear(300, 500), 800), (nn.Conv2d(32, 64, 3), 864), (nn.Conv2d(64, 64, 3, groups=4), 288)],
)
@pytest.mark.parametrize(("function", "times"), [(glorot_, 1), (glorot_sigmoid_, 4)])
def test_it_is_uniform_with_glorots_bound(
    function: Callable[..., nn.Module],
    times: float,
    layer: nn.Linear,
    total: int,
    seeded: Callable[..., torch.Generator],
) -> None:
    function(layer, generator=seeded())
    weight, bound = layer.weight.detach().double().flatten(), times * math.sqrt(6 / total)
    n = len(weight)
    assert 0.999 * bound < weight.max() <= bound * (1 + 1e-6)
    assert -0.999 * bound > weight.min() >= -bound * (1 + 1e-6)
    # Five standard errors, of the mean and of the second moment of a uniform distribution.
    assert abs(weight.mean()) < 5 * bound / math.sqrt(3 * n)
    assert abs(weight.square().mean() / (bound**2 / 3) - 1) < 5 * math.sqrt(0.8 / n)
    assert not layer.bias.any()


def test_the_bound_is_torchs(seeded: Callable[..., torch.Generator]) -> None:
    ours, theirs = glorot_(nn.Linear(40, 60), generator=seeded()), nn.Linear(40, 60)
    nn.init.xavier_uniform_(theirs.weight, generator=seeded())
    torch.testing.assert_close(ours.weight, theirs.weight)
