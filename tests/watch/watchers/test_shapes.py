"""Shapes: outputs of (n, 1) against targets of (n,)."""

from __future__ import annotations

import torch
from tests.watch.loops import batches
from torch import nn


def regression(column: bool):
    for x, y in batches():
        yield x, y.float()[:, None] if column else y.float()


def trained(loop, data):
    model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    return loop(model, loss=nn.MSELoss(), optimizer=optimizer).run(12, data=data)


def test_every_output_against_every_target_is_found(loop, recwarn):
    found = trained(loop, regression(column=False))
    assert found.faults == ["tensor_shape"]
    assert found.monitor.findings[0].numbers == {"pairs": 32 * 32, "outputs": 32}
    recwarn.clear()  # torch's own, of the same


def test_one_shape_is_right(loop):
    assert trained(loop, regression(column=True)).faults == []


def test_labels_and_multi_label_targets_are_right(loop):
    assert loop().run(6).faults == []

    def marked():
        for x, y in batches():
            yield x, nn.functional.one_hot(y, 10).float()

    assert loop(loss=nn.BCEWithLogitsLoss()).run(12, data=marked()).faults == []
