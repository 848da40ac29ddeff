from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from thalweg.core.errors import InputError
from thalweg.problems.networks import Point, mlp


@given(widths=st.lists(st.integers(1, 9), min_size=2, max_size=6), batch=st.integers(1, 4))
def test_shapes(widths: list[int], batch: int) -> None:
    net = mlp(widths)
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] + [widths[-1]] == widths
    assert sum(isinstance(layer, nn.ReLU) for layer in net) == len(widths) - 2
    assert net(torch.ones(batch, widths[0], 1)).shape == (batch, widths[-1])


def test_weights_are_he_and_from_the_global_generator() -> None:
    torch.manual_seed(3)
    first = mlp([200, 300, 2])
    torch.manual_seed(3)
    again = mlp([200, 300, 2])
    assert all(map(torch.equal, first.parameters(), again.parameters()))
    assert first[1].weight.std().item() == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("widths", [[], [4], [4, 0, 2], [4, -1]])
def test_no_network(widths: list[int]) -> None:
    with pytest.raises(InputError, match="make no network"):
        mlp(widths)


def test_a_point_is_its_parameters_whatever_the_input() -> None:
    point = Point((1.0, -2.0))
    assert point(torch.randn(3, 5)).tolist() == [[1.0, -2.0]] * 3
    assert [name for name, _ in point.named_parameters()] == ["theta"]
    assert point.double()(torch.zeros(1, 1)).dtype == torch.float64
