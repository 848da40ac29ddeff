from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.init.flow import follow
from thalweg.init.meeting import Kind, first_meeting
from thalweg.init.residual import branches

Way = Callable[["Net", Tensor], Tensor]


class Net(nn.Module):
    """A layer a, followed by what `forward` says."""

    def __init__(self, forward: Way) -> None:
        super().__init__()
        self.a, self.b, self.norm = nn.Conv1d(2, 2, 1), nn.Conv1d(2, 2, 1), nn.BatchNorm1d(2)
        self.way = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.way(self, x)


@pytest.mark.parametrize(
    ("way", "kind", "word", "normalized"),
    [
        (
            lambda net, x: torch.relu(functional.avg_pool1d(net.a(x), 2).flatten(1)),
            Kind.NONLINEARITY,
            "relu",
            False,
        ),
        (lambda net, x: net.norm(net.a(x)).tanh(), Kind.NONLINEARITY, "tanh", True),
        (lambda net, x: functional.layer_norm(net.a(x), (4,)).sigmoid(), Kind.NONLINEARITY, "sigmoid", True),
        (lambda net, x: torch.relu(net.b(net.a(x))), Kind.LAYER, "conv1d", False),
        (lambda net, x: net.a(x).log_softmax(1).tanh(), Kind.OUTPUT, None, False),
        (lambda net, x: net.a(x)[:, 0] * 2 + 1, Kind.OUTPUT, None, False),
        (lambda net, x: torch.relu(x + net.a(x)), Kind.BRANCH_END, "add", False),
        (lambda net, x: torch.relu(x + net.norm(net.a(x))), Kind.BRANCH_END, "add", True),
        (lambda net, x: torch.relu(net.a(x) + net.b(net.b(x))), Kind.NONLINEARITY, "relu", False),
        (lambda net, x: (y := net.a(x)) + net.b(functional.gelu(y)), Kind.NONLINEARITY, "gelu", False),
    ],
)
def test_what_comes_first(way: Way, kind: Kind, word: str | None, normalized: bool) -> None:
    flow = follow(Net(way), torch.randn(3, 2, 4))
    layer = next(node for node in flow if node.name == "a")
    found = first_meeting(layer, branches(flow))
    assert (found.kind, found.node and found.node.word, found.normalized) == (kind, word, normalized)
