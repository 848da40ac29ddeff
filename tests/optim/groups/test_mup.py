from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from thalweg.core.errors import ModelError, OutOfRangeError
from thalweg.init import he_, mup_
from thalweg.optim.groups import mup, parameter_groups

STEPS, BATCH = 24, 64


def mlp(width: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    )


@pytest.mark.parametrize("adaptive", [True, False])
def test_the_table(adaptive: bool) -> None:
    rates = {name: m.lr for name, m in mup(mlp(256), base_width=64, adaptive=adaptive).items()}
    vector = 1 if adaptive else 4
    assert rates == {
        "0.weight": vector,
        "0.bias": vector,
        "2.weight": 1 / 4 if adaptive else 1,
        "2.bias": vector,
        "4.weight": 1 / 4,
        "4.bias": 1,
    }
    assert all(m.lr == 1 for m in mup(mlp(64), base_width=64, adaptive=adaptive).values())


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    x, y = load_digits(return_X_y=True)
    x = torch.tensor(x, dtype=torch.float32)
    return (x - x.mean(0)) / (x.std(0) + 1e-3), torch.tensor(y)


def loss(
    digits: tuple[torch.Tensor, torch.Tensor], width: int, lr: float, *, scaled: bool, adaptive: bool
) -> float:
    """The mean loss of the last half of a short training."""
    model, generator = mlp(width), torch.Generator().manual_seed(0)
    (mup_ if scaled else he_)(model, generator=generator)
    groupings = [partial(mup, adaptive=adaptive)] if scaled else []
    optimizer = (torch.optim.Adam if adaptive else torch.optim.SGD)(
        parameter_groups(model, *groupings, lr=lr), lr=lr
    )
    losses = []
    for step in range(STEPS):
        batch = torch.arange(step * BATCH, (step + 1) * BATCH) % len(digits[0])
        optimizer.zero_grad()
        value = nn.functional.cross_entropy(model(digits[0][batch]), digits[1][batch])
        value.backward()
        optimizer.step()
        losses.append(value.item())
    mean = sum(losses[STEPS // 2 :]) / (STEPS - STEPS // 2)
    return mean if math.isfinite(mean) else math.inf


@pytest.mark.parametrize(
    ("adaptive", "rates", "standard"),
    [(True, [2**-5, 2**-7, 2**-9, 2**-11], 2**-11), (False, [2, 1 / 2, 1 / 8], 1 / 8)],
)
def test_the_best_rate_stays_put_from_width_64_to_1024(
    digits: tuple[torch.Tensor, torch.Tensor], adaptive: bool, rates: list[float], standard: float
) -> None:
    """On a grid of factors of 4; in the standard parametrization it moves down, with Adam sixteenfold."""
    best = {
        (width, scaled): min(rates, key=lambda lr: loss(digits, width, lr, scaled=scaled, adaptive=adaptive))
        for width in (64, 1024)
        for scaled in (True, False)
    }
    assert best[64, True] == best[1024, True] == best[64, False] == rates[1]
    assert best[1024, False] == standard


def test_a_base_width_is_positive() -> None:
    with pytest.raises(OutOfRangeError, match="base width of muP"):
        mup(mlp(64), base_width=0)


def test_a_head_that_is_tied_to_the_embedding_is_refused() -> None:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 9, bias=False))
    assert {name: m.lr for name, m in mup(model, base_width=2).items()} == {
        "0.weight": 1,
        "1.weight": 0.5,
        "1.bias": 1,
        "2.weight": 0.5,
    }
    model[2].weight = model[0].weight
    with pytest.raises(ModelError, match=r"both takes the data and gives the result[\s\S]*0 and 2[\s\S]*untie"):
        mup(model)
