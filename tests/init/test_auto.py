from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import ModelError, UnknownNameError
from thalweg.init import auto, glorot_, he_, signal, xavier_

Seeded = Callable[..., torch.Generator]


def chosen(model: nn.Module, *example: Tensor) -> dict[str, tuple[str, str, float]]:
    return {c.layer: (c.meets, c.initializer, round(c.gain, 3)) for c in auto(model, example).choices}


@pytest.mark.parametrize(
    ("unit", "initializer", "gain"),
    [
        (nn.ReLU(inplace=True), "he", 1.414),
        (nn.LeakyReLU(0.5), "he", 1.265),
        (nn.PReLU(5, init=0.5), "he", 1.265),
        (nn.GELU(), "he", 1.468),
        (nn.SELU(), "he", 1.0),
        (nn.Tanh(), "glorot", 1.0),
        (nn.Sigmoid(), "glorot", 4.0),
    ],
    ids=repr,
)
def test_the_non_linearity_after_a_layer_decides(unit: nn.Module, initializer: str, gain: float) -> None:
    model = nn.Sequential(nn.Linear(3, 5), unit, nn.Linear(5, 2))
    assert chosen(model, torch.randn(4, 3)) == {
        "0": (type(unit).__name__, initializer, gain),
        "2": ("output", "xavier", 1.0),
    }


def test_each_layer_is_what_its_initializer_makes_of_it(seeded: Seeded) -> None:
    model = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 7), nn.Tanh(), nn.Linear(7, 6))
    choices = auto(model, torch.randn(4, 9), generator=seeded())
    generator = seeded()
    for place, initialize in ((0, he_), (2, glorot_), (4, xavier_)):
        expected = initialize(nn.Linear(*model[place].weight.shape[::-1]), generator=generator)
        assert torch.equal(model[place].weight, expected.weight)
    assert [round(c.std, 6) for c in choices.choices] == [round(math.sqrt(x), 6) for x in (2 / 9, 2 / 15, 1 / 7)]


class Functions(nn.Module):
    """Functions in place of modules; no graph of it can be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.far = nn.Conv2d(1, 4, 3), nn.Linear(4, 4)
        self.gate, self.up, self.down = nn.Linear(4, 6), nn.Linear(4, 6), nn.Linear(6, 2)
        self.unused, self.slopes = nn.Linear(2, 2), nn.Parameter(torch.tensor([0.4, 0.6, 0.5, 0.5]))
        self.near = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(self.conv(x), 2).flatten(1)
        x = functional.prelu(self.near(x), self.slopes)
        x = functional.leaky_relu(x, 0.5) if len(x) else x
        x = self.far(x).clamp_(min=0)
        return self.down(functional.silu(self.gate(x)) * self.up(x)).softmax(1)


def test_functions_are_followed_like_modules() -> None:
    assert chosen(Functions(), torch.randn(3, 1, 4, 4)) == {
        "conv": ("near", "xavier", 1.0),
        "near": ("prelu", "he", 1.265),
        "far": ("clamp_", "he", 1.414),
        "gate": ("silu", "he", 1.559),
        "up": ("down", "xavier", 1.0),
        "down": ("output", "xavier", 1.0),
        "unused": ("nothing", "xavier", 1.0),
    }


class Unit(nn.Module):
    """A non-linearity that tells its own gain, as those of thalweg.nn do."""

    gain = 1.25

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 * x / 3)


def test_a_module_may_tell_its_gain() -> None:
    assert chosen(nn.Sequential(nn.Linear(3, 3), Unit()), torch.randn(4, 3)) == {"0": ("Unit", "he", 1.25)}


class Block(nn.Module):
    """A residual block with whatever shortcut; its gain is none of auto's business."""

    gain = 0.7

    def __init__(self, inner: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.inner, self.shortcut = inner, shortcut or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(self.shortcut(x), self.inner(x), alpha=1.0)


def bare(width: int) -> Block:
    return Block(nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)))


def test_the_ends_of_residual_branches_are_scaled_by_their_number() -> None:
    model = nn.Sequential(nn.Linear(3, 8), *[bare(8) for _ in range(4)], nn.Linear(8, 2))
    found = chosen(model, torch.randn(5, 3))
    assert found["0"] == ("1.inner.0", "xavier", 1.0)
    assert all(found[f"{i}.inner.0"] == ("ReLU", "he", 1.414) for i in range(1, 5))
    assert all(found[f"{i}.inner.2"] == ("residual sum", "xavier", 0.5) for i in range(1, 5))


def test_a_deep_residual_net_keeps_its_signal(seeded: Seeded) -> None:
    """Of L branches each adds a share of 1 / L: e-fold in the end; unscaled the signal would double L times."""
    model = nn.Sequential(*[bare(128) for _ in range(30)])
    x = torch.randn(64, 128, generator=seeded())
    auto(model, x, generator=seeded(1))
    moments = signal(model, x, kinds=(nn.Linear,))
    assert 1.8 < model(x).square().mean() / x.square().mean() < 4
    backward = [row.backward.second for row in moments.rows if row.backward and row.layer.endswith("inner.2")]
    assert 1.5 < backward[0] / backward[-1] < 4
    he_(model, generator=seeded(1))
    assert model(x).square().mean() > 1e7


def test_normalized_branches_and_shortcuts_keep_their_scale() -> None:
    def inner(a: int, b: int) -> nn.Sequential:
        first, second = nn.Conv2d(a, b, 3, padding=1, bias=False), nn.Conv2d(b, b, 3, padding=1, bias=False)
        return nn.Sequential(first, nn.BatchNorm2d(b), nn.ReLU(), second, nn.BatchNorm2d(b))

    model = nn.Sequential(
        *(Block(inner(4, 8), nn.Conv2d(4, 8, 1)), nn.ReLU(), Block(inner(8, 8)), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)),
    )
    x = torch.randn(4, 4, 6, 6)
    assert chosen(model, x) == {
        "0.inner.0": ("ReLU", "he", 1.414),
        "0.inner.3": ("residual sum", "xavier", 1.0),
        "0.shortcut": ("ReLU", "he", 1.414),
        "2.inner.0": ("ReLU", "he", 1.414),
        "2.inner.3": ("residual sum", "xavier", 1.0),
        "6": ("output", "xavier", 1.0),
    }
    notes = {c.layer: c.note for c in auto(model, x).choices}
    assert [name for name, note in notes.items() if "normalized" in note] == [
        *("0.inner.0", "0.inner.3", "2.inner.0", "2.inner.3")
    ]


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_transformer(norm_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True, norm_first=norm_first)
    model = nn.Sequential(
        nn.Embedding(11, 8), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 11)
    )
    choices = auto(model, torch.arange(10).reshape(2, 5))
    assert {name.removeprefix("1.layers.1.") for name in choices.left} >= {"0.weight", "self_attn.in_proj_weight"}
    assert not any("norm" in name or "linear" in name for name in choices.left)
    found = {c.layer: (c.meets, c.initializer, round(c.gain, 3)) for c in choices.choices}
    for place in (0, 1):
        block = f"1.layers.{place}"
        assert found[f"{block}.self_attn.out_proj"] == ("residual sum", "xavier", 0.5)
        assert found[f"{block}.linear1"] == ("gelu", "he", 1.468)
        assert found[f"{block}.linear2"] == ("residual sum", "xavier", 0.5)
    assert found["2"] == ("output", "xavier", 1.0)


def test_two_equal_ways_are_no_residual_block() -> None:
    model = Block(nn.Linear(3, 3), nn.Linear(3, 3))
    assert chosen(model, torch.randn(4, 3)) == dict.fromkeys(("inner", "shortcut"), ("output", "xavier", 1.0))


def test_what_was_chosen_can_be_shown() -> None:
    console = Console(record=True, width=120)
    model = nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU())
    auto(model, torch.arange(3)).show(console)
    text = console.export_text()
    assert all(
        word in text for word in ("Linear", "ReLU", "he", "1.41", "normalized", "left as they were: 0.weight")
    )
    assert auto(model, torch.arange(3))["1"].meets == "ReLU"
    with pytest.raises(UnknownNameError, match="no layer that was set named '0'"):
        auto(model, torch.arange(3))["0"]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(nn.Embedding(3, 3), nn.ReLU()), "no layer that auto can set"),
        (nn.Linear(4, 3), "does not go through the model"),
        (nn.Sequential(nn.Linear(3, 3), nn.Threshold(30, 0)), r"has no gain[\s\S]*Threshold"),
    ],
)
def test_what_cannot_be_used(model: nn.Module, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        auto(model, torch.ones(2, 3))
