"""Max-norm: no unit is beyond the limit after an update, and those within it are left as they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from thalweg.core.errors import InputError
from thalweg.init.layers import Layer
from thalweg.optim import LBFGS, Adam, Nesterov, RMSPropNesterov
from thalweg.optim.max_norm import excess, max_norm_

LAYERS = {
    "linear": lambda: nn.Linear(5, 7),
    "conv": lambda: nn.Conv2d(4, 6, 3, groups=2),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 3, groups=2),
}


def incoming(layer: Layer) -> list[Tensor]:
    """The weights into each unit, found from what the unit's output depends on."""
    shape = (1, 5) if isinstance(layer, nn.Linear) else (1, 4, 9, 9)
    output = (
        layer(torch.ones(shape, dtype=torch.float64)).flatten(2)
        if len(shape) > 2
        else layer(torch.ones(shape, dtype=torch.float64))
    )
    middle = output[0] if output.ndim == 2 else output[0, :, output.shape[2] // 2]
    found: list[Tensor] = []
    for unit in middle:
        used = torch.autograd.grad(unit, layer.weight, retain_graph=True)[0] != 0
        found.append(layer.weight.detach()[used])
    return found


@pytest.mark.parametrize("kind", LAYERS)
@given(limit=st.floats(0.01, 3))
def test_each_unit_is_scaled_back_to_the_limit(kind: str, limit: float) -> None:
    torch.manual_seed(0)
    layer = LAYERS[kind]().double()
    before = incoming(layer)
    max_norm_(layer, limit)
    for old, new in zip(before, incoming(layer), strict=True):
        assert torch.allclose(new, old * min(1.0, limit / old.norm().item()), rtol=1e-12)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_stack_is_limited_as_each_of_its_copies(kind: str) -> None:
    layer = LAYERS[kind]().double()
    stack = torch.randn(3, *layer.weight.shape, dtype=torch.float64)
    limits = torch.tensor([0.1, 1.0, torch.inf], dtype=torch.float64)
    together = excess(stack, limits, layer)
    for k in range(3):
        assert torch.allclose(together[k], excess(stack[k], limits[k], layer), atol=1e-14)
    assert not together[2].any()


@pytest.mark.parametrize("kind", [Nesterov, RMSPropNesterov])
def test_theta_is_limited_and_the_velocity_is_kept(kind: Any) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(5, 7).double()
    optimizer = kind(layer.parameters(), lr=0.5)
    x = torch.randn(20, 5, dtype=torch.float64)
    for _ in range(4):
        optimizer.zero_grad()
        (layer(x) - 3).square().mean().backward()
        optimizer.step()
        before = {id(p): dict(own) for p, own in optimizer.state.items()}
        max_norm_(layer, 0.3, optimizer)
        assert {id(p): dict(own) for p, own in optimizer.state.items()} == before
        optimizer.eval()
        assert layer.weight.detach().norm(dim=1).max() <= 0.3 + 1e-12
        optimizer.train()


def test_what_it_does_not_suit_is_refused() -> None:
    with pytest.raises(InputError, match="no unit"):
        max_norm_(nn.LayerNorm(3), 1.0)
    layer = nn.Linear(3, 3)
    with pytest.raises(InputError, match=r"beside an average[\s\S]*max_norm with ema"):
        max_norm_(layer, 1.0, Adam(layer.parameters(), ema=0.9))
    with pytest.raises(InputError, match="LBFGS searches along lines"):
        max_norm_(layer, 1.0, LBFGS(layer.parameters()))


def test_a_diverged_unit_stays_diverged_and_harms_no_other() -> None:
    layer = nn.Linear(2, 3, bias=False)
    layer.weight.data = torch.tensor([[torch.nan, 1.0], [3.0, 4.0], [0.0, 0.0]])
    max_norm_(layer, 1.0)
    assert layer.weight.isnan().any(1).tolist() == [True, False, False]
    assert layer.weight[1].tolist() == pytest.approx([0.6, 0.8])
    assert layer.weight[2].tolist() == [0.0, 0.0]
