from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import ModelError
from thalweg.init import Moments, glorot_, he_, signal

Seeded = Callable[..., torch.Generator]
Tower = Callable[..., nn.Sequential]


def leave(module: nn.Module, *, generator: torch.Generator) -> nn.Module:
    """Leave torch's own initialization: U(-1 / sqrt(n), 1 / sqrt(n)), of variance 1 / (3 n)."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    return module


@pytest.mark.parametrize(("function", "factor"), [(he_, 1), (glorot_, 1 / 2), (leave, 1 / 6)])
def test_the_factor_of_the_second_moment_a_layer(
    function: Callable[..., nn.Module], factor: float, seeded: Seeded, tower: Tower
) -> None:
    """In a ReLU net of width n without bias, forward and backward: n var(W) / 2."""
    width, depth = 1024, 8
    net = function(tower(width, depth), generator=seeded())
    rows = signal(net, torch.randn(256, width, generator=seeded(1)), kinds=(nn.ReLU,)).rows
    forward = (rows[-1].forward.second / rows[0].forward.second) ** (1 / (depth - 1))
    backward = (rows[0].backward.second / rows[-1].backward.second) ** (1 / (depth - 1))
    # Five standard errors: the factor of one layer has a variance of about 5 / n.
    bound = 5 * math.sqrt(5 / width / (depth - 1))
    assert forward == pytest.approx(factor, rel=bound)
    assert backward == pytest.approx(factor, rel=bound)


def test_moments_are_those_of_the_tensors(seeded: Seeded) -> None:
    net, x = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), torch.randn(6, 4, generator=seeded())
    y = torch.tensor([0, 1, 2, 0, 1, 2])
    hidden = net[0](x)
    hidden.retain_grad()
    functional.cross_entropy(net[2](torch.tanh(hidden)), y).backward()
    report = signal(net, x, loss=lambda output: functional.cross_entropy(output, y))
    assert [(row.layer, row.kind) for row in report.rows] == [("0", "Linear"), ("1", "Tanh"), ("2", "Linear")]
    assert report.rows[0].forward == Moments.of(hidden)
    assert report.rows[0].backward == Moments.of(hidden.grad)
    grads = [p.grad.clone() for p in net.parameters()]
    signal(net, x)
    assert all(torch.equal(p.grad, grad) for p, grad in zip(net.parameters(), grads, strict=True))


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layer = nn.Embedding(7, 4), nn.Linear(4, 4)
        self.frozen = nn.Linear(4, 4).requires_grad_(requires_grad=False)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        x = self.layer(functional.relu_(self.layer(self.embed(tokens)) * mask))
        self.frozen(mask)
        return x


def test_a_layer_has_a_row_for_each_call_and_no_gradient_where_none_comes() -> None:
    report = signal(Shared(), (torch.arange(6).reshape(2, 3), torch.ones(2, 3, 4)))
    assert [row.layer for row in report.rows] == ["embed", "layer", "layer", "frozen"]
    assert [row.backward is None for row in report.rows] == [False, False, False, True]


def test_it_is_the_same_each_time_and_leaves_no_trace() -> None:
    net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.RReLU(), nn.Dropout(0.5), nn.Linear(5, 3))
    state = {name: value.clone() for name, value in net.state_dict().items()}
    first = signal(net, torch.ones(6, 4).cumsum(0))
    torch.manual_seed(5)
    assert signal(net, torch.ones(6, 4).cumsum(0)) == first
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())


def test_it_can_be_shown() -> None:
    console = Console(record=True, width=100)
    signal(nn.Sequential(nn.Linear(4, 5), nn.Tanh()), torch.randn(6, 4)).show(console)
    text = console.export_text()
    assert all(word in text for word in ("2nd moment", "back", "Linear", "Tanh"))


@pytest.mark.parametrize("model", [nn.Tanh(), nn.Linear(3, 3).requires_grad_(requires_grad=False)])
def test_without_a_gradient(model: nn.Module) -> None:
    with pytest.raises(ModelError, match="No gradient comes from the model's output"):
        signal(model, torch.ones(2, 3))
