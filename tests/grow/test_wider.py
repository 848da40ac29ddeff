"""Wider: copies of units leave the function as it was, in every kind of net."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import InputError, ModelError, UnknownNameError
from thalweg.grow import widen, wider

Apart = Callable[[nn.Module, nn.Module, Tensor], float]
Net = Callable[..., nn.Module]
EXACT = 1e-12


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


NETS: dict[str, tuple[str, Callable[[Net], nn.Module], Tensor]] = {
    "conv1d": ("0", lambda _: nn.Sequential(nn.Conv1d(2, 3, 3), nn.GELU(), nn.Conv1d(3, 2, 2)), randn(4, 2, 8)),
    "conv3d": (
        "0",
        lambda _: nn.Sequential(nn.Conv3d(1, 3, 2), nn.BatchNorm3d(3), nn.Tanh(), nn.Flatten(), nn.Linear(24, 2)),
        randn(4, 1, 3, 3, 3),
    ),
    "transposed": (
        "0",
        lambda _: nn.Sequential(nn.ConvTranspose2d(1, 3, 2), nn.SELU(), nn.ConvTranspose2d(3, 2, 2)),
        randn(4, 1, 3, 3),
    ),
    "per sample": (
        "a",
        lambda net: net(lambda m, x: m.b(m.norm(m.a(x).permute(0, 2, 1)).mean(2)), a=nn.Linear(3, 4),
                        norm=nn.BatchNorm1d(4), b=nn.Linear(4, 2)),
        randn(5, 6, 3),
    ),
    "concatenation": (
        "a",
        lambda net: net(lambda m, x: m.c(torch.cat([m.b(x), m.a(x).relu(), x], 1)), a=nn.Linear(3, 4),
                        b=nn.Linear(3, 2), c=nn.Linear(9, 2)),
        randn(5, 3),
    ),
    "gate": (
        "conv",
        lambda net: net(
            lambda m, x: m.out((y := m.conv(x)) * torch.sigmoid(m.up(m.down(y.mean((2, 3)))))[:, :, None, None]),
            conv=nn.Conv2d(1, 6, 3), down=nn.Linear(6, 2), up=nn.Linear(2, 6), out=nn.Conv2d(6, 2, 1),
        ),
        randn(4, 1, 5, 5),
    ),
    "view": (
        "conv",
        lambda net: net(lambda m, x: m.out(functional.max_pool2d(m.conv(x), 2).view(x.size(0), -1)),
                        conv=nn.Conv2d(1, 4, 3), out=nn.Linear(16, 2)),
        randn(4, 1, 6, 6),
    ),
    "instance norm, prelu": (
        "0",
        lambda _: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.PReLU(4), nn.Conv2d(4, 2, 1)
        ),
        randn(4, 1, 5, 5),
    ),
    "depthwise": (
        "0",
        lambda _: nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3, groups=4), nn.ReLU6(), nn.Conv2d(8, 2, 1)),
        randn(4, 1, 6, 6),
    ),
    "embedding": (
        "words",
        lambda net: net(lambda m, x: m.out(m.words(x.long().abs()).sum(1).tanh()), words=nn.Embedding(9, 4),
                        out=nn.Linear(4, 2)),
        randn(5, 7),
    ),
    "shared": ("a", lambda net: net(lambda m, x: m.b(m.a(x).relu() + m.a(-x).relu()), a=nn.Linear(3, 4),
                                    b=nn.Linear(4, 2)), randn(5, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("width", [7, 12, 16])
def test_the_function_stays(name: str, width: int, apart: Apart, net: Net) -> None:
    layer, make, x = NETS[name]
    torch.manual_seed(1)
    model = make(net).double()
    large = wider(model, layer, width, x)
    assert apart(model, large, x) < EXACT
    assert large.get_submodule(layer).weight.numel() > model.get_submodule(layer).weight.numel()
    assert type(large) is type(model)


@settings(max_examples=20)
@given(
    widths=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    more=st.integers(1, 9),
    kind=st.sampled_from(["linear", "conv"]),
    normed=st.booleans(),
    act=st.sampled_from([nn.ReLU, nn.Tanh, nn.SiLU, nn.Softplus]),
    place=st.integers(0, 3),
    seed=st.integers(0, 5),
)
def test_random_nets(
    widths: list[int], more: int, kind: str, normed: bool, act: Any, place: int, seed: int, apart: Apart
) -> None:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    inputs = 2
    for width in widths:
        layers.append(nn.Linear(inputs, width) if kind == "linear" else nn.Conv2d(inputs, width, 3, padding=1))
        if normed:
            layers.append(nn.BatchNorm1d(width) if kind == "linear" else nn.BatchNorm2d(width))
        layers.append(act())
        inputs = width
    layers += [nn.Flatten(), nn.Linear(inputs if kind == "linear" else 9 * inputs, 3)]
    model = nn.Sequential(*layers).double()
    x = randn(6, 2) if kind == "linear" else randn(6, 2, 3, 3)
    model(x)
    chosen = (2 + normed) * (place % len(widths))
    large = wider(model, str(chosen), widths[place % len(widths)] + more, x, seed=seed)
    assert apart(model, large, x) < EXACT


@pytest.mark.parametrize("layer", ["stem.0", "blocks.0.conv2", "blocks.1.conv2", "blocks.2.project"])
def test_layers_that_are_added_grow_together(layer: str, residual: nn.Module, apart: Apart) -> None:
    x = randn(4, 3, 6, 6)
    growth = widen(residual, layer, 10, x)
    first = {"stem.0", "blocks.0.conv2", "blocks.1.conv2"}
    assert set(growth.layers) == (first if layer in first else {"blocks.2.conv2", "blocks.2.project"})
    assert apart(residual, growth.model, x) < EXACT
    assert all(growth.model.get_submodule(name).out_channels == 10 for name in growth.layers)


def test_the_old_model_and_its_mode_stay(residual: nn.Module) -> None:
    before, x = deepcopy(residual.state_dict()), randn(4, 3, 6, 6)
    large = wider(residual.train(), "blocks.0.conv1", 9, x, noise=0.5)
    assert all(torch.equal(before[name], tensor) for name, tensor in residual.state_dict().items())
    assert all(module.training for module in (*residual.modules(), *large.modules()))
    assert not any(module._forward_hooks for module in (*residual.modules(), *large.modules()))


def test_dropout_is_exact_up_to_its_masks() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)).double()
    x = randn(5, 3)
    large = wider(model, "0", 8, x)
    assert (large.eval()(x) - model.eval()(x)).abs().max() < EXACT
    sample = torch.stack([large.train()(x) for _ in range(1500)]).mean(0)
    assert (sample - model(x)).abs().max() < 0.15


def test_layer_norm_asks_for_a_multiple(apart: Apart) -> None:
    x = randn(5, 3)
    for norm in (nn.LayerNorm(4), nn.LayerNorm(4, elementwise_affine=False), nn.RMSNorm(4), nn.GroupNorm(2, 4)):
        model = nn.Sequential(nn.Linear(3, 4), norm, nn.Linear(4, 2)).double()
        large = wider(model, "0", 12, x)
        assert apart(model, large, x) < EXACT
        with pytest.raises(ModelError, match=r"_norm in 1[\s\S]*widen to a multiple of 4, such as 8"):
            wider(model, "0", 6, x)


def test_groups_ask_for_a_multiple(apart: Apart) -> None:
    model = nn.Sequential(nn.Conv1d(2, 4, 1), nn.Conv1d(4, 6, 2, groups=2), nn.ReLU(), nn.Conv1d(6, 1, 1)).double()
    x = randn(3, 2, 5)
    assert apart(model, wider(model, "0", 8, x), x) < EXACT
    assert apart(model, wider(model, "1", 12, x), x) < EXACT
    for layer, width in (("0", 7), ("1", 9)):
        with pytest.raises(ModelError, match=r"conv1d in 1[\s\S]*groups"):
            wider(model, layer, width, x)


def test_noise_lets_copies_part_and_first_copies_stay() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double(), randn(5, 3)
    exact, noisy = wider(model, "0", 8, x), wider(model, "0", 8, x, noise=0.01)
    change = noisy[0].weight - exact[0].weight
    assert not change[::2].any()
    assert 0.001 < (change[1::2].square().mean() / exact[0].weight.square().mean()).sqrt() < 0.05
    assert torch.equal(noisy[2].weight, exact[2].weight)
    assert torch.equal(wider(model, "0", 8, x, noise=0.01)[0].weight, noisy[0].weight)


def test_bad_input() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double(), randn(5, 3)
    named = nn.ModuleDict({"conv1": nn.Linear(3, 4), "fc": nn.Linear(4, 2)})
    with pytest.raises(UnknownNameError, match=r"no layer named 'conv_1'[\s\S]*did you mean 'conv1'"):
        wider(named, "conv_1", 8, x)
    for width in (4, 3, 0, 6.5, "6"):
        with pytest.raises(InputError, match=r"would not get wider[\s\S]*more than its 4 units"):
            wider(model, "0", width, x)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="noise is negative"):
        wider(model, "0", 5, x, noise=-1.0)
    with pytest.raises(ModelError, match="cannot take the example"):
        wider(model, "0", 5, randn(5, 4))
