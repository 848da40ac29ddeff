"""Finite: a gradient that is not, of a loss that is."""

from __future__ import annotations

import torch
from tests.watch.loops import batches, net
from torch import nn


class Distance(nn.Module):
    """The root of a square: at 0 its slope is infinite, times 0."""

    def __init__(self, floor: float) -> None:
        super().__init__()
        self.floor = floor

    def forward(self, x):
        return ((x - x.detach()).square() + self.floor).sqrt() + x


def test_a_root_at_zero_is_found_by_the_layer_in_front_of_it(loop):
    def model(floor):
        return nn.Sequential(nn.Linear(64, 8), nn.Tanh(), Distance(floor), nn.Linear(8, 10))

    found = loop(model(0.0), every=1).run(1)
    assert found.faults == ["numerical_instability"]
    assert found.monitor.findings[0].where == "1"
    assert "no slope there" in found.monitor.findings[0].evidence
    assert loop(model(1e-8), every=1).run(8).faults == []


def test_targets_that_are_not_finite_are_the_data(loop):
    def spoilt():
        for x, y in batches():
            yield x, torch.where(y == 3, torch.nan, y.float())[:, None]

    model = nn.Sequential(nn.Linear(64, 8), nn.Linear(8, 1))
    found = loop(model, loss=nn.MSELoss()).run(1, data=spoilt())
    assert found.faults == ["nan_in_data"]
    assert found.monitor.findings[0].where == "targets"


def test_one_bad_batch_does_not_silence_what_comes_later(loop):
    def never_and_skipped(model, optimizer, loss_fn, x, y):
        loss = loss_fn(model(x), y)
        if loss.isfinite():
            loss.backward()
            optimizer.step()

    def once():
        for k, (x, y) in enumerate(batches()):
            yield (x * torch.nan if k == 2 else x), y

    assert loop(net()).run(40, never_and_skipped, once()).faults[:2] == ["nan_in_data", "zero_grad"]
