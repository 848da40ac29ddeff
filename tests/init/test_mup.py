from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.core.errors import OutOfRangeError
from thalweg.init import mup_

Seeded = Callable[..., torch.Generator]


def net(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 400)
    )


@pytest.mark.parametrize("width", [64, 512])
@pytest.mark.parametrize("base", [64, 16])
def test_variances(width: int, base: int, seeded: Seeded) -> None:
    model = mup_(net(width), base_width=base, generator=seeded())
    for place, variance in ((0, 2 / 64), (2, 2 / width), (4, base / width**2)):
        weight = model[place].weight.detach().double()
        assert weight.square().mean() / variance == pytest.approx(1, abs=5 * math.sqrt(2 / weight.numel()))


@pytest.mark.parametrize("base", [0, -64, math.nan])
def test_a_base_width_is_positive(base: float) -> None:
    with pytest.raises(OutOfRangeError, match="base width of muP"):
        mup_(net(64), base_width=base)


def test_outputs_shrink_with_the_root_of_the_width(seeded: Seeded) -> None:
    x = torch.randn(100, 64, generator=seeded())
    moments = [mup_(net(width), generator=seeded(1))(x).square().mean().item() for width in (64, 1024)]
    assert moments[0] / moments[1] == pytest.approx(16, rel=0.3)
