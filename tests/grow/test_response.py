"""Response: the degree of every slot, against what the papers' formulas say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import thalweg as tw
from thalweg.formula import NonNegative
from thalweg.grow.response import responses
from thalweg.optim import build

DEGREES: dict[str, dict[str, object]] = {
    "sgd": {},
    "momentum": {"v": 1.0},
    "nesterov": {"v": 1.0},
    "adagrad": {"sum": 2.0},
    "rmsprop": {"square_avg": 2.0},
    "rmsprop-nesterov": {"r": 2.0, "v": 0.0},
    "adadelta": {"square_avg": 2.0, "acc_delta": 0.0},
    "adam": {"exp_avg": 1.0, "exp_avg_sq": 2.0},
    "adamax": {"exp_avg": 1.0, "exp_inf": 1.0},
    "rprop": {"prev": 1.0, "step_size": 0.0},
    "asgd": {"ax": "parameter"},
    "lion": {"m": 1.0},
    "ademamix": {"m1": 1.0, "m2": 1.0, "nu": 2.0},
    "schedule-free-sgd": {"d": 1.0},
    "schedule-free-adamw": {"d": 0.0, "v": 2.0},
    "lamb": {"m": 1.0, "v": 2.0},
}


@pytest.mark.parametrize("name", DEGREES)
def test_degrees(name: str) -> None:
    optimizer = build(name, [nn.Parameter(torch.ones(3))], {})
    assert responses(optimizer, optimizer.param_groups[0]) == DEGREES[name]


@pytest.mark.parametrize(
    "hyper", [{"clip_norm": 1.0}, {"weight_decay": 0.1}, {"decoupled_decay": 0.1}, {"clip_value": 0.1}]
)
def test_options_have_no_say(hyper: Any) -> None:
    optimizer = build("adam", [nn.Parameter(torch.ones(3))], {**hyper, "ema": 0.9})
    found = responses(optimizer, optimizer.param_groups[0])
    assert found == {"exp_avg": 1.0, "exp_avg_sq": 2.0, "ema_average": "parameter"}


def test_torchs_centred_rmsprop() -> None:
    optimizer = torch.optim.RMSprop([nn.Parameter(torch.ones(3))], momentum=0.9, centered=True)
    degrees = {"square_avg": 2.0, "momentum_buffer": 0.0, "grad_avg": 1.0}
    assert responses(optimizer, optimizer.param_groups[0]) == degrees


def test_a_rule_of_ones_own() -> None:
    @tw.rule(reference="a third moment")
    def cubic_for_growth(p: Any, g: Any, c: Any, d: Any, *, lr: NonNegative = 1e-3) -> Any:
        c = c + g * g * g
        d = d + g + 5e3 * g * g  # neither one power nor another
        return p - lr * c, c, d

    optimizer = cubic_for_growth([nn.Parameter(torch.ones(2))])
    assert responses(optimizer, optimizer.param_groups[0])["c"] == 3.0
