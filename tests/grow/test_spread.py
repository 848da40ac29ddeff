"""Spread: a layer whose units cannot be followed to all that reads them is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import ModelError
from thalweg.grow import wider

Net = Callable[..., nn.Module]


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(9, 4), nn.Linear(4, 9, bias=False)
        self.out.weight = self.words.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.words(x).mean(1))


def attention(model: Any, x: Tensor) -> Tensor:
    q, k = model.q(x), model.k(x)
    return functional.scaled_dot_product_attention(q, k, model.v(x)) @ torch.ones(4, 2, dtype=x.dtype)


REFUSED: dict[str, tuple[Callable[[Net], nn.Module], str, Tensor, str]] = {
    "tied": (lambda _: Tied(), "words", torch.arange(6).view(2, 3), r"words\.weight is tied[\s\S]*untie"),
    "unrolled": (
        lambda net: net(
            lambda m, x: m.b(m.h(m.h(m.a(x)).relu()).relu()),
            a=nn.Linear(3, 4),
            h=nn.Linear(4, 4),
            b=nn.Linear(4, 2),
        ),
        "a",
        randn(5, 3),
        r"h\.weight is tied",
    ),
    "output": (lambda _: nn.Sequential(nn.Linear(3, 2)).double(), "0", randn(5, 3), "outputs of the model"),
    "softmax": (
        lambda _: nn.Sequential(nn.Linear(3, 4), nn.Softmax(-1), nn.Linear(4, 2)).double(),
        "0",
        randn(5, 3),
        r"softmax in 1[\s\S]*does not treat features alike",
    ),
    "input added": (
        lambda net: net(lambda m, x: m.b(m.a(x) + x), a=nn.Linear(3, 3), b=nn.Linear(3, 2)),
        "a",
        randn(5, 3),
        r"add in the model's forward[\s\S]*an input of the model",
    ),
    "attention": (
        lambda net: net(attention, q=nn.Linear(3, 4), k=nn.Linear(3, 4), v=nn.Linear(3, 4)),
        "q",
        randn(2, 5, 3),
        "scaled_dot_product_attention",
    ),
    "recurrent": (
        lambda net: net(
            lambda m, x: m.b(m.lstm(m.a(x))[0]), a=nn.Linear(3, 4), lstm=nn.LSTM(4, 5), b=nn.Linear(5, 2)
        ),
        "a",
        randn(2, 6, 3),
        "lstm in lstm",
    ),
    "parametrized": (
        lambda _: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)), nn.Linear(4, 2)).double(),
        "0",
        randn(5, 3),
        "parametrization",
    ),
    "size in the code": (
        lambda net: net(lambda m, x: m.b(m.a(x).view(-1, 2, 2).flatten(1)), a=nn.Linear(3, 4), b=nn.Linear(4, 2)),
        "a",
        randn(5, 3),
        r"name by hand|does not compute what it did",
    ),
    "never called": (
        lambda net: net(lambda m, x: m.b(x), a=nn.Linear(3, 4), b=nn.Linear(3, 2)),
        "a",
        randn(5, 3),
        "never calls it",
    ),
    "depthwise": (
        lambda _: nn.Sequential(nn.Conv1d(4, 4, 1, groups=4), nn.Conv1d(4, 1, 1)).double(),
        "0",
        randn(2, 4, 3),
        "layer before",
    ),
    "bounded embedding": (
        lambda _: nn.Sequential(nn.Embedding(9, 4, max_norm=1.0), nn.Linear(4, 2)),
        "0",
        torch.arange(3),
        "norm of a vector",
    ),
    "norm": (
        lambda _: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double(),
        "1",
        randn(5, 3),
        "name one of 0",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_widened_is_refused_by_name(name: str, net: Net) -> None:
    make, layer, example, said = REFUSED[name]
    with pytest.raises(ModelError, match=said):
        wider(make(net), layer, 6, example)
