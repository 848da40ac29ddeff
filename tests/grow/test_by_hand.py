"""By hand: what no trace sees into can be widened where the user says what reads the layer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError, UnknownNameError
from thalweg.grow import wider

Apart = Callable[[nn.Module, nn.Module, Tensor], float]
Net = Callable[..., nn.Module]
EXACT = 1e-12


def opaque(x: Tensor) -> Tensor:
    """What no trace sees into: a way through NumPy."""
    return torch.from_numpy(x.detach().numpy().clip(0))


def test_what_cannot_be_traced_can_be_named_by_hand(apart: Apart, net: Net) -> None:
    model = net(
        lambda m, x: m.fc(opaque(m.norm(m.conv(x))).flatten(1)),
        conv=nn.Conv2d(1, 4, 3), norm=nn.BatchNorm2d(4), fc=nn.Linear(16, 2),
    )  # fmt: skip
    x = torch.randn(4, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(7))
    with pytest.raises(ModelError, match=r"name by hand what reads the layer: wider\(..., into="):
        wider(model, "conv", 6, x)
    large = wider(model, "conv", 6, x, into=["fc"], along=["norm"])
    assert apart(model, large, x) < EXACT
    with pytest.raises(ModelError, match="does not compute what it did"):
        wider(model, "conv", 6, x, into=["fc"])
    with pytest.raises(UnknownNameError, match="did you mean 'norm'"):
        wider(model, "conv", 6, x, into=["fc"], along=["nrm"])
    with pytest.raises(ModelError, match="norm cannot be what reads the layer"):
        wider(model, "conv", 6, x, into=["norm"])
