"""Depth: gradients that fade from layer to layer, or jump."""

from __future__ import annotations

import torch
from tests.watch.loops import usual
from torch import nn


def deep(kind: type[nn.Module]) -> nn.Sequential:
    torch.manual_seed(0)
    hidden = [layer for _ in range(6) for layer in (nn.Linear(32, 32), kind())]
    return nn.Sequential(nn.Linear(64, 32), kind(), *hidden, nn.Linear(32, 10))


def test_a_tower_of_sigmoids_is_found_and_one_of_rectifiers_is_not(loop):
    assert "vanishing_gradient" in loop(deep(nn.Sigmoid)).run(20).faults
    assert "vanishing_gradient" not in loop(deep(nn.ReLU)).run(20).faults


def test_a_gradient_that_jumps_is_found(loop):
    def jumping(model, optimizer, loss_fn, x, y):
        jumping.calls += 1
        factor = 1e4 if jumping.calls == 51 else 1.0
        usual(model, optimizer, lambda *given: factor * loss_fn(*given), x, y)

    jumping.calls = 0
    model = deep(nn.ReLU)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    found = loop(model, optimizer=optimizer).run(60, jumping)
    assert "exploding_gradient" in found.faults
