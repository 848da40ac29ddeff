"""Mode: training in evaluation mode; not layers that are kept there on purpose."""

from __future__ import annotations

import torch
from tests.watch.loops import net, usual
from torch import nn


def forgets_to_come_back(model, optimizer, loss_fn, x, y):
    usual(model, optimizer, loss_fn, x, y)
    model.eval()
    with torch.no_grad():
        loss_fn(model(x), y)


def comes_back(model, optimizer, loss_fn, x, y):
    forgets_to_come_back(model, optimizer, loss_fn, x, y)
    model.train()


def test_updates_in_evaluation_mode_are_found(loop):
    found = loop().run(12, forgets_to_come_back)
    assert found.faults == ["train_eval_mode"]


def test_evaluations_in_between_are_right(loop):
    assert loop().run(12, comes_back).faults == []


def test_a_frozen_normalization_beside_dropout_is_right(loop):
    model = nn.Sequential(*net()[:3], nn.BatchNorm1d(32), *net()[3:])
    model[3].eval()
    assert loop(model).run(12).faults == []


def test_a_model_with_no_such_layer_is_right_in_either_mode(loop):
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).eval()
    assert loop(model).run(12).faults == []
