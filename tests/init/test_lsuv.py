from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.init import lsuv_, signal
from thalweg.init.layers import Layer

Seeded = Callable[..., torch.Generator]


class Net(nn.Module):
    """Convolutions with a residual sum, normalization, dropout, a layer used twice and one never used."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 3)  # registered before it is reached
        self.stem, self.inner = nn.Conv2d(2, 8, 3), nn.Conv2d(8, 8, 3, padding=1)
        self.norm, self.dropout = nn.BatchNorm2d(8), nn.Dropout(0.5)
        self.unused = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        x = x + self.dropout(torch.relu(self.norm(self.inner(x))))
        x = x + self.inner(x)
        return self.head(x.mean((2, 3)))


def test_every_layer_has_unit_variance(seeded: Seeded) -> None:
    net, x = Net().double(), 3 + 5 * torch.randn(64, 2, 9, 9, generator=seeded(), dtype=torch.float64)
    lsuv_(net, x, generator=seeded(1))
    rows = {row.layer: row.forward.variance for row in reversed(signal(net, x, kinds=(nn.Linear, nn.Conv2d)).rows)}
    assert rows == {name: pytest.approx(1, abs=1e-9) for name in ("stem", "inner", "head")}
    w = net.unused.weight.detach()
    torch.testing.assert_close(w @ w.T, torch.eye(4, dtype=torch.float64))


def test_rows_stay_orthogonal(seeded: Seeded) -> None:
    net = lsuv_(nn.Sequential(nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, 5)), torch.randn(40, 9), generator=seeded())
    for layer in net:
        if isinstance(layer, Layer):
            gram = layer.weight @ layer.weight.T
            torch.testing.assert_close(gram, gram[0, 0] * torch.eye(5))


def test_only_weights_change(seeded: Seeded) -> None:
    net, x = Net(), torch.randn(16, 2, 9, 9, generator=seeded())
    net.norm.eval()
    state = {name: value.clone() for name, value in net.state_dict().items() if "norm" in name}
    drawn = torch.get_rng_state()
    lsuv_(net, x, generator=seeded())
    assert torch.equal(drawn, torch.get_rng_state())
    assert {name: torch.equal(net.state_dict()[name], value) for name, value in state.items()} == dict.fromkeys(
        state, True
    )
    assert (net.training, net.norm.training, net.dropout.training) == (True, False, True)
    assert all(p.grad is None and p.requires_grad for p in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(5, 9), r"output of the layer 0 cannot be scaled[\s\S]*deviation of 0"),
        (torch.full((5, 9), float("nan")), "deviation of nan"),
        (torch.zeros(5, 8), "does not go through the model"),
    ],
)
def test_an_example_that_says_nothing(x: Tensor, words: str) -> None:
    net = nn.Sequential(nn.Linear(9, 5), nn.Tanh())
    with pytest.raises(ModelError, match=words):
        lsuv_(net, x)
    assert not net[0]._forward_hooks
