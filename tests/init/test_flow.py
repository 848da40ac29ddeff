from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import ModelError
from thalweg.init.flow import follow


class Winding(nn.Module):
    """Not traceable: a branch on values, changes in place, tuples, functions and methods."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.act = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU(inplace=True)

    def forward(self, x: Tensor, pair: dict[str, Tensor]) -> tuple[Tensor, list[Tensor]]:
        x = self.act(self.a(x))
        if x.sum() > 0:
            x += pair["y"]
        left, right = x.chunk(2, dim=1)
        return functional.gelu(left), [self.b(torch.cat([left, right], dim=1)).tanh_()]


def test_what_runs_is_followed_where_no_graph_can_be_traced() -> None:
    example = (torch.ones(2, 4), {"y": torch.ones(2, 4)})
    model = Winding()
    nn.init.ones_(model.a.weight)  # so that the sum is positive
    nodes = {node.word: node for node in follow(model, example)}
    assert {word: sorted(source.word for source in node.sources) for word, node in nodes.items()} == {
        "input": [],
        "linear": ["cat"],
        "relu": ["linear"],
        "sum": ["relu"],
        "gt": ["sum"],
        "add": ["input", "relu"],
        "chunk": ["add"],
        "gelu": ["chunk"],
        "cat": ["chunk"],
        "tanh": ["linear"],
    }


def test_modules_are_one_call_and_no_trace_is_left() -> None:
    net = nn.Sequential(nn.MultiheadAttention(4, 2, batch_first=True), nn.LSTM(4, 3))

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Tensor) -> Tensor:
            return self.net[1](self.net[0](x, x, x)[0])[0]

    model = Wrapped()
    assert [node.name for node in follow(model, torch.ones(2, 5, 4))] == ["input", "net.0", "net.1"]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_an_error_of_the_model_is_told_and_its_hooks_go() -> None:
    net = nn.Sequential(nn.Linear(3, 3))
    with pytest.raises(ModelError, match=r"does not go through the model[\s\S]*mat1 and mat2"):
        follow(net, torch.ones(2, 4))
    assert not net[0]._forward_hooks
