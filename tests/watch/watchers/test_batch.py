"""Batch: losses and targets of another batch."""

from __future__ import annotations

import torch
from tests.watch.loops import batches, net, usual
from torch import nn


def test_targets_that_stay_are_found(loop):
    _, first = next(batches())
    found = loop().run(12, lambda m, o, f, x, y: usual(m, o, f, x, first))
    assert found.faults[0] == "labels_wrong"


def test_one_batch_over_and_over_is_right(loop):
    one = next(batches())
    assert loop().run(20, data=iter([one] * 20)).faults == []


def test_a_loss_of_detached_outputs_is_found(loop):
    """The loss falls all the same, by a head that trains on its own; the model's pass has no part in it."""
    head = nn.Linear(10, 10)

    def detached(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        loss_fn(head(model(x).detach()), y).backward()
        optimizer.step()

    model = net()
    optimizer = torch.optim.SGD([*model.parameters(), *head.parameters()], lr=0.1)
    assert "wrong_loss" in loop(model, optimizer=optimizer).run(12, detached).faults


def test_a_loss_of_the_outputs_of_another_model_is_found(loop):
    model, other = net(), net()

    def mistaken(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        model(x)
        loss_fn(other(x), y).backward()
        optimizer.step()

    optimizer = torch.optim.SGD([*model.parameters(), *other.parameters()], lr=0.1)
    assert "wrong_loss" in loop(model, optimizer=optimizer).run(12, mistaken).faults


def test_outputs_that_are_reshaped_on_the_way_are_right(loop):
    def reshaped(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        loss_fn(model(x).view(-1, 10).clone(), y.view(-1)).backward()
        optimizer.step()

    assert loop().run(12, reshaped).faults == []
