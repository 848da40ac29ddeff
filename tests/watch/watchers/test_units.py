"""Units: layers that are dead or saturated over many batches; not those half of whose outputs are zero."""

from __future__ import annotations

import torch
from tests.watch.loops import batches, net
from torch import nn


def test_units_that_no_sample_wakes_are_found(loop):
    model = net()
    with torch.no_grad():
        model[0].bias.fill_(-30.0)
        model[0].bias[:8] = 0.0
    found = loop(model).run(24)
    assert found.faults == ["dead_relu"]
    assert found.monitor.findings[0].numbers["dead"] == 24 / 32


def test_channels_count_as_units_where_there_are_some(loop):
    def images():
        for x, y in batches():
            yield x.view(-1, 1, 8, 8), y

    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 36, 10))
    with torch.no_grad():
        model[0].bias[:4] = -50.0
    found = loop(model).run(24, data=images())
    assert [one.where for one in found.monitor.findings] == ["1"]
    assert abs(found.monitor.findings[0].numbers["dead"] - 4 / 6) < 1e-6


def test_a_saturated_layer_is_found(loop):
    model = net()
    with torch.no_grad():
        model[3].weight.mul_(100)
    assert "saturation" in loop(model, optimizer=torch.optim.SGD(model.parameters(), lr=1e-4)).run(24).faults


def test_outputs_at_their_ends_are_right(loop):
    """The last layer of a net that knows its answers is saturated when all is well."""
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10), nn.Sigmoid())

    def marked():
        for x, y in batches():
            yield x, nn.functional.one_hot(y, 10).float()

    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    assert loop(model, loss=nn.BCELoss(), optimizer=optimizer).run(300, data=marked()).faults == []
