"""Deeper: a new layer leaves the function as it was, where the activation allows it, and is refused elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from thalweg.core.errors import InputError, ModelError, UnknownNameError
from thalweg.grow import deepen, deeper

Apart = Callable[[nn.Module, nn.Module, Tensor], float]
EXACT = 1e-12


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


class Maxout(nn.Module):
    """The largest of k neighbours, or of k blocks."""

    def __init__(self, k: int, *, blocks: bool) -> None:
        super().__init__()
        self.k, self.blocks = k, blocks

    def forward(self, x: Tensor) -> Tensor:
        split = (self.k, -1) if self.blocks else (-1, self.k)
        return x.unflatten(1, split).amax(1 if self.blocks else 2)


class Functional(nn.Module):
    """A net whose activation is a function of torch."""

    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.fc1, self.fc2, self.act = nn.Linear(3, 4), nn.Linear(4, 2), act

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


@settings(max_examples=20)
@given(
    width=st.integers(1, 6),
    rank=st.integers(0, 3),
    kernel=st.integers(1, 4),
    normed=st.booleans(),
    act=st.sampled_from([nn.ReLU(), nn.ReLU6(), nn.Hardtanh(), nn.Threshold(0.0, 0.0), nn.Identity()]),
    bias=st.booleans(),
    drop=st.booleans(),
)
def test_the_function_stays(
    width: int, rank: int, kernel: int, normed: bool, act: nn.Module, bias: bool, drop: bool, apart: Apart
) -> None:
    torch.manual_seed(width)
    conv: Any = (None, nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank]
    norm: Any = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[rank]
    first = conv(2, width, kernel, bias=bias) if rank else nn.Linear(2, width, bias=bias)
    behind = [norm(width)] if normed else []
    last = [nn.Dropout(0.5)] if drop else []
    model = nn.Sequential(first, *behind, deepcopy(act), *last, nn.Flatten(), nn.LazyLinear(3)).double()
    x = randn(3, 2, *[4] * rank)
    model(x)
    growth = deepen(model, "0", x)
    assert apart(model, growth.model, x) < EXACT
    added = growth.model.get_submodule(growth.layers[0])
    assert type(added) is type(first)
    assert (added.bias is None) == (not bias)


@pytest.mark.parametrize("act", [torch.relu, Tensor.relu_, lambda x: x.clamp(min=0), lambda x: x.clamp(0, 2)])
def test_functions_are_followed_too(act: Any, apart: Apart) -> None:
    model, x = Functional(act).double(), randn(5, 3)
    once = deepen(model, "fc1", x)
    twice = deeper(once.model, once.layers[0], x)
    assert apart(model, once.model, x) < EXACT
    assert apart(model, twice, x) < EXACT
    assert sum(isinstance(module, nn.Linear) for module in twice.modules()) == 4


@pytest.mark.parametrize("blocks", [True, False])
def test_maxout_makes_every_piece_from_its_unit(blocks: bool, apart: Apart) -> None:
    model = nn.Sequential(nn.Linear(3, 8), Maxout(2, blocks=blocks), nn.Linear(4, 2)).double()
    large = deeper(model, "0", randn(5, 3))
    assert (large[0].added.in_features, large[0].added.out_features) == (4, 8)
    assert apart(model, large, randn(5, 3)) < EXACT


def test_residual_nets(residual: nn.Module, apart: Apart) -> None:
    x = randn(4, 3, 6, 6)
    for layer in ("stem.0", "blocks.0.conv1", "blocks.2.conv1"):
        growth = deepen(residual, layer, x)
        assert apart(residual, growth.model, x) < EXACT
        assert growth.model.get_submodule(growth.layers[0]).kernel_size == (3, 3)
    with pytest.raises(ModelError, match=r"no activation follows it[\s\S]*add in blocks.0"):
        deeper(residual, "blocks.0.conv2", x)


@pytest.mark.parametrize(
    "act", [nn.Tanh(), nn.Sigmoid(), nn.GELU(), nn.LeakyReLU(), nn.ELU(), nn.Softplus(), nn.PReLU()]
)
def test_activations_that_are_not_idempotent_are_refused(act: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(3, 4), act, nn.Linear(4, 2)).double()
    with pytest.raises(
        ModelError, match=rf"behind 0[\s\S]*{type(act).__name__}\); it is not idempotent: where it gives"
    ):
        deeper(model, "0", randn(5, 3))


def test_what_no_activation_follows_is_refused_by_name() -> None:
    x = randn(5, 3)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.ReLU(), nn.Linear(4, 2)).double()
    with pytest.raises(ModelError, match=r"no activation follows it[\s\S]*1 \(Dropout\)"):
        deeper(model, "0", x)
    with pytest.raises(ModelError, match="outputs of the model"):
        deeper(model, "3", x)
    with pytest.raises(ModelError, match=r"ReLU[\s\S]*name one of 0, 3"):
        deeper(model, "2", x)
    with pytest.raises(UnknownNameError, match="did you mean '3'"):
        deeper(model, "33", x)
    with pytest.raises(InputError, match="noise is negative"):
        deeper(model, "0", x, noise=-1.0)

    def both(x: Tensor) -> Tensor:
        return x.relu() + x

    with pytest.raises(ModelError, match=r"relu[\s\S]*and add[\s\S]*which read the same"):
        deeper(Functional(both).double(), "fc1", x)

    class Twice(Functional):
        def forward(self, x: Tensor) -> Tensor:
            return self.fc2(self.fc1(x).relu() + self.fc1(-x).relu())

    with pytest.raises(ModelError, match="fc1 has to be called once"):
        deeper(Twice(torch.relu).double(), "fc1", x)


def test_batch_norm_is_the_identity_on_the_examples_statistics(apart: Apart) -> None:
    x = randn(8, 2, 5, 5)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3)).double()
    large = deeper(model, "0", x, batch_norm=True)
    assert apart(model, large, x) < EXACT  # in training as well: it is the batch that was measured
    other = randn(3, 2, 5, 5) + 1
    assert (large.eval()(other) - model.eval()(other)).abs().max() < EXACT
    assert (large.train()(other) - model.train()(other)).abs().max() > 1e-3
    with pytest.raises(InputError, match="would not see its features"):
        deeper(
            nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), "0", torch.ones(2, 5, 3), batch_norm=True
        )


def test_noise_changes_the_new_weight_alone() -> None:
    model, x = nn.Sequential(nn.Linear(3, 9), nn.ReLU(), nn.Linear(9, 2)).double(), randn(5, 3)
    noisy = deeper(model, "0", x, noise=0.03)
    change = (noisy[0].added.weight - torch.eye(9)).square().mean().sqrt() * 3
    assert 0.02 < change < 0.04
    assert torch.equal(noisy[0].before.weight, model[0].weight)


def test_an_activation_named_by_hand(apart: Apart) -> None:
    def through_numpy(x: Tensor) -> Tensor:
        return torch.from_numpy(x.detach().numpy().clip(0))

    model, x = Functional(through_numpy).double(), randn(5, 3)
    with pytest.raises(ModelError, match=r"name by hand what follows the layer: deeper\(..., activation=nn.ReLU"):
        deeper(model, "fc1", x)
    assert apart(model, deeper(model, "fc1", x, activation=nn.ReLU()), x) < EXACT
    with pytest.raises(ModelError, match="does not compute what it did"):
        deeper(model, "fc1", 9 * x, activation=nn.Hardtanh())


def test_the_mode_dtype_and_origins_are_kept() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).eval()
    growth = deepen(model, "0", torch.ones(2, 3))
    assert not any(module.training for module in growth.model.modules())
    assert {p.dtype for p in growth.model.parameters()} == {torch.float32}
    names = {name: origin.name for name, origin in growth.origins.items()}
    assert names["1.before.running_mean"] == "1.running_mean"
    assert names["0.weight"] == "0.weight"
    assert {name for name, _ in growth.model.named_parameters()} - names.keys() == {
        "1.added.weight",
        "1.added.bias",
    }
