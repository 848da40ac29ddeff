"""Stepping: steps that never come, and parameters that the optimizer does not hold."""

from __future__ import annotations

import torch
from tests.watch.loops import net, usual
from torch import nn

from thalweg.watch.watchers.stepping import PATIENCE


def without_step(model, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()


def test_a_step_that_never_comes_is_found_while_it_is_missing(loop):
    found = loop().run(PATIENCE, without_step)
    assert found.faults == ["params_not_optimised"]
    assert "no weight has changed" in found.monitor.findings[0].evidence
    assert loop().run(PATIENCE - 1, without_step).faults == []


def test_another_optimizer_that_steps_is_told_apart(loop):
    model = net()
    other = torch.optim.SGD(model.parameters(), lr=0.1)
    found = loop(model).run(PATIENCE, lambda model, _, *rest: usual(model, other, *rest))
    assert "another optimizer steps" in found.monitor.findings[0].evidence
    assert "watch the optimizer" in found.monitor.findings[0].remedy


def test_parameters_of_another_model_are_found(loop):
    found = loop(optimizer=torch.optim.SGD(net().parameters(), lr=0.1)).run(12)
    assert found.faults[0] == "params_not_optimised"
    assert "none of the model's parameters" in found.monitor.findings[0].evidence


def test_a_layer_replaced_after_the_optimizer_was_made_is_named(loop):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[5] = nn.Linear(32, 10)
    found = loop(model, optimizer=optimizer).run(12)
    assert found.faults == ["params_not_optimised"]
    assert "5.weight" in found.monitor.findings[0].evidence


def test_layers_frozen_on_purpose_are_right(loop):
    model = net()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    assert loop(model, optimizer=optimizer).run(12).faults == []


def test_a_backward_pass_that_is_forgotten_is_found(loop):
    def idle(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        loss_fn(model(x), y)
        optimizer.step()

    found = loop().run(80, idle)
    assert found.faults == ["params_not_optimised"]
    assert "call loss.backward()" in found.monitor.findings[0].remedy


def test_gradients_gathered_over_hundreds_of_passes_are_right(loop):
    def gathered(model, optimizer, loss_fn, x, y):
        for _ in range(2 * PATIENCE):
            (loss_fn(model(x), y) / (2 * PATIENCE)).backward()
        optimizer.step()
        optimizer.zero_grad()

    assert loop().run(4, gathered).faults == []


def test_two_optimizers_that_share_a_model_are_right(loop):
    """Matrices go to one, all else to the other; each is watched alone."""
    model = net()
    parts = [[p for p in model.parameters() if (p.ndim > 1) is matrix] for matrix in (True, False)]
    first, second = (torch.optim.SGD(part, lr=0.1) for part in parts)

    def both(model, optimizer, loss_fn, x, y):
        second.zero_grad()
        usual(model, optimizer, loss_fn, x, y)
        second.step()

    assert loop(model, optimizer=first).run(20, both).faults == []
