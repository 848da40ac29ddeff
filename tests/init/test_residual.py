from __future__ import annotations

import torch
from torch import Tensor, nn

from thalweg.init.flow import follow
from thalweg.init.residual import branches


class Net(nn.Module):
    """Layers a to f, in the ways that `forward` says."""

    def __init__(self, forward: object) -> None:
        super().__init__()
        for name in "abcdef":
            self.add_module(name, nn.Linear(3, 3))
        self.way = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.way(self, x)


def ends(way: object) -> list[list[str]]:
    """The ends of the branches of each residual block."""
    found = branches(follow(Net(way), torch.ones(2, 3)))
    return [sorted(node.name for node in nodes) for nodes in found.values()]


def test_an_identity_is_a_shortcut() -> None:
    assert ends(lambda net, x: x + net.b(net.a(x))) == [["b"]]
    assert ends(lambda net, x: net.a(x).add_(x)) == [["a"]]


def test_the_shorter_way_is_the_shortcut_on_either_side() -> None:
    assert ends(lambda net, x: net.a(x) + net.c(net.b(x))) == [["c"]]
    assert ends(lambda net, x: net.c(net.b(x)) + net.a(x)) == [["c"]]


def test_ways_of_equal_length_and_sums_with_constants_are_no_block() -> None:
    assert ends(lambda net, x: net.a(x) + net.b(x)) == []
    assert ends(lambda net, x: net.a(x) + 1 + torch.ones(3)) == []
    assert ends(lambda net, x: torch.relu(x) + torch.tanh(x)) == []


def test_blocks_behind_and_inside_each_other() -> None:
    def behind(net: Net, x: Tensor) -> Tensor:
        x = x + net.b(net.a(x))
        return x + net.d(net.c(x))

    def inside(net: Net, x: Tensor) -> Tensor:
        inner = net.a(x)
        inner = inner + net.c(net.b(inner))
        return x + net.d(inner)

    assert ends(behind) == [["b"], ["d"]]
    assert ends(inside) == [["c"], ["d"]]


def test_the_longest_way_counts() -> None:
    assert ends(lambda net, x: net.a(x) + torch.cat([net.b(x)[:, :1], net.d(net.c(x))[:, :2]], 1)) == [["cat"]]
