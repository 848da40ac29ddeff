"""Rate: a loss that climbs, and one that does not move."""

from __future__ import annotations

import torch
from tests.watch.loops import net


def at(loop, lr: float, updates: int = 60, **how):
    model = net()
    return loop(model, optimizer=torch.optim.SGD(model.parameters(), lr=lr), **how).run(updates)


def test_a_rate_that_drives_the_loss_up_is_found(loop):
    found = at(loop, 100.0)
    assert "lr_too_high" in found.faults
    assert all(one.where == "learning rate" for one in found.monitor.findings if one.fault == "lr_too_high")


def test_a_rate_that_moves_nothing_is_found(loop):
    assert at(loop, 1e-7).faults == ["lr_too_low"]


def test_usual_rates_are_right(loop):
    for lr in (0.003, 0.03, 0.3):
        assert at(loop, lr, 200).faults == []


def test_a_rate_that_has_decayed_to_nothing_is_right(loop):
    """At the end of a schedule updates move nothing: the loss has fallen by then."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    found = loop(model, optimizer=optimizer).run(200)
    optimizer.param_groups[0]["lr"] = 1e-8
    assert found.run(200).faults == []
