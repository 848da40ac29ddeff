"""Enlarge: every hidden layer a factor wider, and layers behind the last ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError, ModelError, UnknownNameError
from thalweg.grow.enlarge import enlarge

X = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).double()


def widths(model: nn.Module) -> list[int]:
    return [module.out_features for module in model.modules() if isinstance(module, nn.Linear)]


def test_hidden_layers_grow_and_outputs_do_not(apart: Callable[[nn.Module, nn.Module, Tensor], float]) -> None:
    model = net()
    growth, changes = enlarge(model, X, wider=1.5, deeper=3)
    assert widths(growth.model) == [6, 6, 9, 9, 9, 2]
    assert [change.layer for change in changes] == ["0", "2", "2", "0", "2.added"]
    assert apart(model, growth.model, X) < 1e-12
    assert growth.source is model
    assert {name for name in growth.origins if "added" in name} == set()


def test_joined_layers_grow_once(residual: nn.Module) -> None:
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    growth, changes = enlarge(residual, x, wider=2)
    assert growth.model.get_submodule("stem.0").out_channels == 8
    assert growth.model.get_submodule("blocks.2.conv2").out_channels == 12
    assert [change.layer for change in changes] == [
        "stem.0", "blocks.0.conv1", "blocks.1.conv1", "blocks.2.conv1", "blocks.2.conv2",
    ]  # fmt: skip


def test_named_layers_alone() -> None:
    growth, _ = enlarge(net(), X, wider=2, deeper=1, layers=["0"])
    assert widths(growth.model) == [8, 8, 6, 2]


def test_bad_input() -> None:
    for wider, deeper in ((1.0, 0), (0.5, 1), (1.0, -1), (math.inf, 0), (math.nan, 0)):
        with pytest.raises(InputError, match="nothing to grow"):
            enlarge(net(), X, wider=wider, deeper=deeper)
    with pytest.raises(UnknownNameError, match="no layer named '7'"):
        enlarge(net(), X, wider=2, layers=["7"])
    with pytest.raises(ModelError, match="outputs of the model"):
        enlarge(net(), X, wider=2, layers=["4"])
    smooth = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    with pytest.raises(ModelError, match=r"No layer of the net can be made deeper[\s\S]*idempotent"):
        enlarge(smooth, X, deeper=1)
    with pytest.raises(ModelError, match="outputs of the model"):
        enlarge(nn.Sequential(nn.Linear(3, 2)).double(), X, wider=2)
