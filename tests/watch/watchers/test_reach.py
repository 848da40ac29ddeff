"""Reach: parameters without gradient, and some that stand still."""

from __future__ import annotations

import torch
from tests.watch.loops import net
from torch import nn


class Cut(nn.Module):
    def __init__(self, cut: bool) -> None:
        super().__init__()
        self.first, self.second, self.cut = nn.Linear(64, 32), nn.Linear(32, 10), cut

    def forward(self, x):
        hidden = self.first(x).relu()
        return self.second(hidden.detach() if self.cut else hidden)


def test_a_layer_behind_a_detach_is_found(loop):
    found = loop(Cut(cut=True)).run(20)
    assert found.faults == ["gradient_blocked"]
    assert found.monitor.findings[0].where == "first.weight"
    assert loop(Cut(cut=False)).run(20).faults == []


def test_a_group_at_rate_zero_is_found(loop):
    model = net()
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[3:].parameters()}]
    found = loop(model, optimizer=torch.optim.SGD(groups, lr=0.1)).run(20)
    assert found.faults == ["frozen_layer"]


def test_rare_rows_of_an_embedding_are_right(loop):
    def tokens():
        generator = torch.Generator().manual_seed(0)
        while True:
            y = torch.randint(0, 10, (32,), generator=generator)
            yield y[:, None].repeat(1, 4), y

    model = nn.Sequential(nn.Embedding(500, 8), nn.Flatten(), nn.Linear(32, 10))
    assert loop(model).run(20, data=tokens()).faults == []
