"""Order: samples that lie sorted; not those drawn at random, nor rare classes."""

from __future__ import annotations

import torch
from tests.watch.loops import batches
from torch import nn


def test_classes_one_after_the_other_are_found(loop):
    found = loop().run(60, data=batches(shuffled=False))
    assert "data_not_shuffled" in found.faults


def test_samples_at_random_are_right(loop):
    assert loop().run(200, data=batches()).faults == []


def test_numbers_in_stretches_are_found(loop):
    def sorted_by_sum():
        x, _ = next(batches(1600))
        index = x.sum(1).argsort()
        while True:
            for part in index.split(32):
                yield x[part], x[part].sum(1, keepdim=True) / 10

    model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    found = loop(model, loss=nn.MSELoss(), optimizer=optimizer).run(60, data=sorted_by_sum())
    assert "data_not_shuffled" in found.faults


def test_a_rare_class_is_right(loop):
    def rare():
        for x, y in batches():
            yield x, (y == 3).long()

    assert loop().run(200, data=rare()).faults == []
