"""Activations: each innermost layer's outputs, of a deep net some, and none of a model that cannot run."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.looks.activations import MOST, activations
from thalweg.core.picture import Kind

X = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))


def test_one_histogram_a_layer():
    model = nn.Sequential(nn.Linear(4, 8), nn.Sequential(nn.ReLU(), nn.Dropout(0.9)), nn.Linear(8, 2)).train()
    (picture,) = activations(model, X, when="at the start")
    assert picture.kind is Kind.HISTOGRAMS
    assert [one.name for one in picture.series] == ["0", "1.0", "1.1", "2"]
    assert picture.caption == "At the start, of 20 samples."
    relu, dropout = picture.series[1:3]
    assert relu.y == dropout.y  # evaluation mode
    assert sum(relu.y) == pytest.approx(1)
    assert min(relu.x) >= -max(relu.x) / 20
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_of_a_deep_net_the_first_the_last_and_some_between():
    model = nn.Sequential(*[nn.Linear(4, 4) for _ in range(3 * MOST)])
    (picture,) = activations(model, X, when="after 9 updates")
    names = [one.name for one in picture.series]
    assert (names[0], names[-1], len(set(names))) == ("0", str(3 * MOST - 1), MOST)


@pytest.mark.parametrize("model", [nn.Sequential(nn.Linear(5, 4)), nn.Linear(4, 4)])
def test_nothing_inside_or_nothing_that_runs_is_no_picture(model):
    assert activations(model, X, when="at the start") == ()
