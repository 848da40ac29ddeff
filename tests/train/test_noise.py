"""Noise: what torch draws, from a generator without a position; as a law over every function that is served."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import vmap
from torch.nn import functional

from thalweg.train.noise import _SERVED, Noise

Function = Callable[..., Tensor]

DROPOUTS: dict[str, Function] = {
    "dropout": functional.dropout,
    "dropout1d": functional.dropout1d,
    "dropout2d": functional.dropout2d,
    "dropout3d": functional.dropout3d,
    "alpha_dropout": functional.alpha_dropout,
    "feature_alpha_dropout": functional.feature_alpha_dropout,
}
CHANNELS = {"dropout1d": 1, "dropout2d": 2, "dropout3d": 3, "feature_alpha_dropout": 2}
"""Dimensions of a channel, for those that drop whole channels."""

DRAWS: dict[str, Function] = {
    "rand": lambda x: torch.rand(x.shape),
    "randn": lambda x: torch.randn(*x.shape),
    "rand_like": torch.rand_like,
    "randn_like": torch.randn_like,
    "bernoulli": lambda x: torch.bernoulli(torch.full_like(x, 0.3)),
    "bernoulli with p": lambda x: torch.bernoulli(x, 0.3),
    "Tensor.bernoulli": lambda x: torch.full_like(x, 0.3).bernoulli(),
}
names = pytest.mark.parametrize("name", DROPOUTS)


def under(key: int, function: Callable[[], Tensor]) -> Tensor:
    with Noise(key):
        return function()


def sample(name: str, items: int = 40) -> Tensor:
    """A normal input with as many dimensions as a function asks for."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(items, 30, *[5] * CHANNELS.get(name, 1), generator=generator) + 1


def test_every_function_that_is_served_is_held_to_this_law() -> None:
    assert {*_SERVED} == {
        *DROPOUTS.values(), torch.rand, torch.randn, torch.rand_like, torch.randn_like, torch.bernoulli,
        torch.Tensor.bernoulli,
    }  # fmt: skip


@pytest.mark.parametrize("name", [*DROPOUTS, *DRAWS])
def test_many_keys_at_once_draw_what_each_draws_alone(name: str) -> None:
    x, keys = sample(name, 4), torch.tensor([0, 3, -1, 2**62])

    def drawn(key: Tensor | int, x: Tensor) -> Tensor:
        with Noise(key):
            twice = [DROPOUTS[name](x, 0.4, True) if name in DROPOUTS else DRAWS[name](x) for _ in range(2)]
        return torch.stack(twice)

    alone = torch.stack([drawn(key, x) for key in keys])
    assert torch.equal(alone, torch.stack([drawn(key, x) for key in keys.tolist()]))
    assert torch.equal(vmap(drawn, in_dims=(0, None))(keys, x), alone)
    assert torch.equal(vmap(drawn)(keys, x.expand(4, *x.shape)), alone)
    assert torch.equal(drawn(keys[1], x), alone[1])  # the same key, the same numbers
    flat = alone.flatten(0, 1).flatten(1)
    assert len(flat.unique(dim=0)) == 8  # other keys and other draws, other numbers


@names
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_dropout_drops_as_torchs_does(name: str, p: float) -> None:
    """Share dropped, mean and variance, against torch's own function and against the closed form."""
    function, x = DROPOUTS[name], sample(name, 400).double()
    ours = under(7, lambda: function(x, p, True))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torchs = function(x, p, True)
    kept = kept_in(name, x, ours, p)
    kept_in(name, x, torchs, p)  # torch's obeys the same formula
    draws = kept.flatten(2)
    if name in CHANNELS:
        assert torch.equal(draws, draws[:, :, :1].expand_as(draws))
        draws = draws[:, :, :1]
    assert draws.double().mean().item() == pytest.approx(1 - p, abs=5 * math.sqrt(p * (1 - p) / draws.numel()))
    error = 7 * torchs.std().item() / math.sqrt(draws.numel())
    assert ours.mean().item() == pytest.approx(torchs.mean().item(), abs=error)
    assert ours.var().item() == pytest.approx(torchs.var().item(), rel=0.1)


def kept_in(name: str, x: Tensor, y: Tensor, p: float) -> Tensor:
    """Which elements of the input were kept; all of the output is what the formula makes of them."""
    if "alpha" not in name:
        kept = y != 0
        torch.testing.assert_close(y, torch.where(kept, x / (1 - p), 0))
        return kept
    low = -1.7580993408473766  # -lambda * alpha of SELU
    a = ((1 - p) * (1 + p * low**2)) ** -0.5
    b = -a * p * low
    kept = (
        y - (a * low + b)
    ).abs() > 1e-12  # as many digits as there are, lest a kept value be taken for a dropped one
    torch.testing.assert_close(y, a * torch.where(kept, x, low) + b)
    return kept


@pytest.mark.parametrize(
    ("name", "mean", "variance"),
    [("rand", 0.5, 1 / 12), ("rand_like", 0.5, 1 / 12), ("randn", 0, 1), ("randn_like", 0, 1)],
)
def test_numbers_have_their_distribution(name: str, mean: float, variance: float) -> None:
    x = torch.empty(100_000)
    drawn = under(3, lambda: DRAWS[name](x))
    assert drawn.mean().item() == pytest.approx(mean, abs=5 * math.sqrt(variance / len(x)))
    assert drawn.var().item() == pytest.approx(variance, rel=0.03)
    if mean:
        assert ((drawn >= 0) & (drawn < 1)).all()


@pytest.mark.parametrize("name", ["bernoulli", "bernoulli with p", "Tensor.bernoulli"])
def test_bernoulli_draws_its_share_of_ones(name: str) -> None:
    drawn = under(3, lambda: DRAWS[name](torch.empty(100_000)))
    assert drawn.unique().tolist() == [0, 1]
    assert drawn.mean().item() == pytest.approx(0.3, abs=5 * math.sqrt(0.21 / 100_000))


SHAPES = {"dropout1d": (2, 3), "dropout2d": (4, 4), "dropout3d": (4, 5), "feature_alpha_dropout": (3, 5)}
"""How many dimensions an input may have."""


@given(data=st.data(), name=st.sampled_from([*DROPOUTS, *DRAWS]))
def test_shapes_and_dtypes_are_torchs(data: st.DataObject, name: str) -> None:
    low, high = SHAPES.get(name, (1, 4))
    shape = data.draw(st.lists(st.integers(1, 4), min_size=low, max_size=high))
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16]))
    function: Any = (lambda x: DROPOUTS[name](x, 0.5, True)) if name in DROPOUTS else DRAWS[name]
    x = torch.rand(shape, dtype=dtype)
    with torch.random.fork_rng(devices=[]):
        expected = function(x)
    drawn = under(1, lambda: function(x))
    assert (drawn.shape, drawn.dtype) == (expected.shape, expected.dtype)


def test_sizes_and_dtypes_are_taken_as_torch_takes_them() -> None:
    for draw in (torch.rand, torch.randn):
        for call in (lambda d=draw: d(2, 3), lambda d=draw: d((2, 3)), lambda d=draw: d(size=(2, 3))):
            assert under(1, call).shape == (2, 3)
        assert under(1, lambda d=draw: d([])).shape == ()
        assert under(1, lambda d=draw: d(2, dtype=torch.float64)).dtype is torch.float64
    wide = torch.rand_like, torch.randn_like
    assert all(under(1, lambda d=draw: d(torch.ones(2), dtype=torch.float64)).dtype.itemsize == 8 for draw in wide)


@pytest.mark.filterwarnings("ignore:dropout2d")
@pytest.mark.parametrize(
    ("name", "shape"), [("dropout1d", (50, 9)), ("dropout2d", (9, 50, 4)), ("dropout3d", (50, 2, 2, 2))]
)
def test_what_a_channel_is_without_a_batch_is_torchs_choice(name: str, shape: tuple[int, ...]) -> None:
    """Of an input with one dimension less, the first is the channel; to `dropout2d` alone it is the batch."""
    x = torch.ones(shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torchs = DROPOUTS[name](x, 0.5, True)
    for y in (torchs, under(0, lambda: DROPOUTS[name](x, 0.5, True))):
        ahead = 2 if name == "dropout2d" else 1
        assert (y.flatten(ahead) == y.flatten(ahead)[..., :1]).all()
        assert y.flatten(ahead)[..., 0].unique().tolist() == [0, 2]


@names
def test_outside_training_nothing_is_drawn_and_a_rate_of_zero_only_takes_its_place(name: str) -> None:
    x = sample(name, 3)
    with Noise(torch.tensor(0)) as noise:
        for p, training, draws in ((0.5, False, 0), (0.0, True, 1)):
            assert torch.equal(DROPOUTS[name](x, p, training), x)
            assert noise.draws == draws


@names
def test_at_one_nothing_is_left_as_in_torch(name: str) -> None:
    x = sample(name, 3)
    expected = DROPOUTS[name](x, 1.0, True)
    assert torch.equal(under(1, lambda: DROPOUTS[name](x, 1.0, True)), expected)


@names
@pytest.mark.parametrize("p", [0.4, 1.0])
def test_in_place_it_writes_the_same_into_its_input(name: str, p: float) -> None:
    x = sample(name, 3)
    expected, given = under(5, lambda: DROPOUTS[name](x, p, True)), x.clone()
    returned = under(5, lambda: DROPOUTS[name](given, p, True, inplace=True))
    assert returned.data_ptr() == given.data_ptr()
    assert torch.equal(given, expected)


@names
@pytest.mark.parametrize("inplace", [False, True])
def test_gradients_flow_through_what_is_kept(name: str, inplace: bool) -> None:
    x = sample(name, 3).double().requires_grad_()
    y = under(2, lambda: DROPOUTS[name](x * 1, 0.4, True, inplace))
    (gradient,) = torch.autograd.grad(y.sum(), x)
    slope = gradient.max().item()
    assert set(gradient.unique().tolist()) == {0.0, slope}
    assert torch.equal(gradient > 0, kept_in(name, x.detach(), y.detach(), 0.4))
    low = -1.7580993408473766
    expected = ((1 - 0.4) * (1 + 0.4 * low**2)) ** -0.5 if "alpha" in name else 1 / (1 - 0.4)
    assert slope == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("layer", "draws"),
    [
        (nn.Dropout(0.5), 1),
        (nn.Dropout2d(0.5), 1),
        (nn.AlphaDropout(0.5), 1),
        (nn.FeatureAlphaDropout(0.5), 1),
        (nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True), 3),
        (nn.LSTM(4, 4, num_layers=2, dropout=0.5), 0),
        (nn.Linear(4, 4), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_layers_draw_from_it_or_leave_it_alone(layer: nn.Module, draws: int) -> None:
    x = (
        torch.ones(3, 5, 4)
        if not isinstance(layer, nn.Dropout2d | nn.FeatureAlphaDropout)
        else torch.ones(3, 5, 2, 2)
    )
    with torch.random.fork_rng(devices=[]), Noise(torch.tensor(0)) as noise:
        layer.train()(x)
    assert noise.draws == draws


def test_what_is_served_leaves_torchs_generator_alone() -> None:
    before = torch.get_rng_state()
    under(4, lambda: functional.dropout(torch.rand(5), 0.5) + torch.randn(5))
    assert torch.equal(torch.get_rng_state(), before)
