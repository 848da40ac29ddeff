from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

import thalweg.optim
from thalweg.core.errors import InputError, ModelError
from thalweg.optim.groups import Multiplier, layerwise, no_decay, parameter_groups


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Tanh(), nn.Linear(4, 2))


def test_every_trainable_parameter_is_in_one_group() -> None:
    model = net()
    model[0].bias.requires_grad_(requires_grad=False)
    groups = parameter_groups(
        model, no_decay, partial(layerwise, decay=0.5), lr=0.1, weight_decay=0.2, momentum=0.9
    )
    settings = {name: (g["lr"], g["weight_decay"], g["momentum"]) for g in groups for name, _ in g["params"]}
    assert settings == {
        "0.weight": (0.05, 0.2, 0.9),
        "1.weight": (0.05, 0.0, 0.9),
        "1.bias": (0.05, 0.0, 0.9),
        "3.weight": (0.1, 0.2, 0.9),
        "3.bias": (0.1, 0.0, 0.9),
    }
    assert [len(g["params"]) for g in groups] == [1, 2, 1, 1]
    assert all(model.get_parameter(name) is p for g in groups for name, p in g["params"])


def test_tied_parameters_are_one() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    named = [name for g in parameter_groups(model, lr=1.0) for name, _ in g["params"]]
    assert named == ["0.weight", "0.bias", "1.bias"]


@pytest.mark.parametrize("decay", ["weight_decay", "decoupled_decay", "l1", "l1_prox"])
def test_every_decay_is_multiplied(decay: str) -> None:
    groups = parameter_groups(net(), no_decay, **{decay: 0.3})
    assert [g[decay] for g in groups] == [0.3, 0.0]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(thalweg.optim.AdamW, torch.optim.AdamW), (thalweg.optim.SGD, torch.optim.SGD)],
)
def test_thalwegs_and_torchs_optimizers_take_them_alike(ours: Any, theirs: Any) -> None:
    found = []
    for kind in (ours, theirs):
        model = net()
        groups = parameter_groups(model, no_decay, partial(layerwise, decay=0.5), lr=0.1, weight_decay=0.2)
        optimizer = kind(groups, lr=0.3)
        assert sorted({group["lr"] for group in optimizer.param_groups}) == [0.05, 0.1]
        for step in range(3):
            optimizer.zero_grad()
            model(torch.full((2, 3), 1.0 + step)).square().sum().backward()
            optimizer.step()
        found.append([p.detach() for p in model.parameters()])
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("name", ["adam", "rmsprop-nesterov", "muon"])
def test_an_optimizer_by_name_takes_them(name: str) -> None:
    model = nn.Sequential(nn.Linear(3, 4, bias=False), nn.Linear(4, 2, bias=False))
    groups = parameter_groups(model, partial(layerwise, decay=0.5), lr=0.1)
    if name == "muon":
        optimizer: torch.optim.Optimizer = thalweg.optim.Muon(groups)
    else:
        optimizer = thalweg.optim.build(name, groups, {"lr": 0.3, "weight_decay": 0.1})
    assert [(g["lr"], g["param_names"]) for g in optimizer.param_groups] == [
        (0.05, ["0.weight"]),
        (0.1, ["1.weight"]),
    ]


def test_what_cannot_be_multiplied_is_said() -> None:
    with pytest.raises(
        InputError,
        match=r"differ in decay[\s\S]*pass weight_decay=[\s\S]*--set weight_decay=1e-4",
    ):
        parameter_groups(net(), no_decay, lr=0.1)
    with pytest.raises(InputError, match=r"differ in lr[\s\S]*no hyper-parameter"):
        parameter_groups(net(), layerwise)
    with pytest.raises(ModelError, match="no trainable parameter"):
        parameter_groups(nn.ReLU(), no_decay, weight_decay=0.1)


def test_multipliers_multiply() -> None:
    assert Multiplier(2, 3) * Multiplier(0.5, 2) == Multiplier(1, 6)
