from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.core.errors import InputError, UnknownNameError
from thalweg.init import initialize, initializers

Seeded = Callable[..., torch.Generator]


def net(dtype: torch.dtype = torch.float32) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(2, 6, 3), nn.ReLU(), nn.BatchNorm1d(6), nn.Flatten(), nn.Linear(18, 3)).to(
        dtype
    )


def test_the_names() -> None:
    needing = [name for name in initializers if initializers[name].needs_example]
    assert list(initializers) == [
        *("he", "glorot", "glorot-sigmoid", "xavier", "lecun", "orthogonal", "mup", "lsuv", "auto")
    ]
    assert needing == ["lsuv", "auto"]
    assert all(initializers[name].summary.startswith("Set all") for name in initializers)


@pytest.mark.parametrize("name", list(initializers))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_seed_decides_and_only_layers_change(name: str, dtype: torch.dtype, seeded: Seeded) -> None:
    x = torch.randn(8, 2, 5, generator=seeded(1), dtype=dtype)
    model = net(dtype)
    norm = {key: value.clone() for key, value in model[2].state_dict().items()}
    state = torch.get_rng_state()
    initialize(name, model, x, generator=seeded(3))
    assert torch.equal(state, torch.get_rng_state())
    again, other = net(dtype), net(dtype)
    initialize(name, again, x, generator=seeded(3))
    initialize(name, other, x, generator=seeded(4))
    assert all(
        torch.equal(a, b) and a.dtype is dtype for a, b in zip(model.parameters(), again.parameters(), strict=True)
    )
    assert not torch.equal(model[4].weight, other[4].weight)
    assert all(torch.equal(value, norm[key]) for key, value in model[2].state_dict().items())
    torch.manual_seed(9)
    initialize(name, again, x)
    torch.manual_seed(9)
    initialize(name, other, x)
    assert torch.equal(again[0].weight, other[0].weight)
    assert not torch.cat([again[0].bias, again[4].bias]).any()


@pytest.mark.parametrize("name", list(initializers))
def test_lazy_layers_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="layer 0 has no weights"):
        initialize(name, nn.Sequential(nn.LazyLinear(3)), torch.ones(2, 2))


def test_what_is_missing_is_said() -> None:
    with pytest.raises(UnknownNameError, match=r"no initializer named 'glorott'[\s\S]*'glorot'"):
        initialize("glorott", net())
    with pytest.raises(InputError, match="initializer lsuv needs an example"):
        initialize("lsuv", net())
