"""Broken: where the first number came up that is none."""

from __future__ import annotations

import torch
from tests.watch.loops import batches, net
from torch import nn


class Root(nn.Module):
    """A root whose slope at 0 is infinite, of a number that may lie below it."""

    def forward(self, x):
        return (x - 2.0).sqrt()


def test_the_module_that_made_it_is_named(loop):
    model = nn.Sequential(nn.Linear(64, 8), nn.Tanh(), Root(), nn.Linear(8, 10))
    found = loop(model).run(3)
    (first,) = found.monitor.findings
    assert first.fault == "numerical_instability"
    assert first.where == "2 (Root)"
    assert "from finite inputs" in first.evidence


def test_the_module_is_found_in_an_update_that_is_not_watched_too(loop):
    class Late(Root):
        calls = 0

        def forward(self, x):
            self.calls += 1
            return x if self.calls < 4 else super().forward(x)

    model = nn.Sequential(nn.Linear(64, 8), nn.Tanh(), Late(), nn.Linear(8, 10))
    found = loop(model, every=10).run(5)
    (first,) = found.monitor.findings
    assert (first.where, first.numbers["step"]) == ("2 (Late)", 3)


def test_inputs_that_are_not_finite_are_the_data(loop):
    def spoilt():
        for k, (x, y) in enumerate(batches()):
            if k == 3:
                x[2, 5] = torch.nan
            yield x, y

    found = loop(every=10).run(6, data=spoilt())
    assert found.faults == ["nan_in_data"]
    assert found.monitor.findings[0].evidence == "1 of the numbers in the inputs of update 3 are not finite"


def test_a_loss_that_makes_it_itself_is_named(loop):
    class Logarithm(nn.Module):
        def forward(self, output, y):
            return -(output.softmax(1) - output.softmax(1).detach()).log().gather(1, y[:, None]).mean()

    found = loop(loss=Logarithm()).run(2)
    assert [(one.fault, one.where) for one in found.monitor.findings] == [("numerical_instability", "loss")]


def test_a_rate_that_blows_up_is_told_from_an_unstable_formula(loop):
    model = nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=30.0)
    found = loop(model, loss=nn.MSELoss(), optimizer=optimizer, every=1)
    x, y = next(batches())
    found.run(30, data=iter([(x, nn.functional.one_hot(y, 10).float())] * 30))
    assert found.faults[0] == "lr_too_high"


def test_all_is_silent_where_numbers_are_finite(loop):
    assert loop(net()).run(20).faults == []


def test_weights_that_have_grown_out_of_all_bounds_are_the_rates(loop):
    """Batches of one class are learned at once, so that the loss tells nothing of how the weights run away."""
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=3.0, momentum=0.9)

    def never(model, optimizer, loss_fn, x, y):
        loss_fn(model(x), y).backward()
        for p in model.parameters():
            p.grad *= 3
        optimizer.step()

    found = loop(model, optimizer=optimizer, every=5).run(400, never, batches(shuffled=False))
    assert not any(one.fault == "numerical_instability" for one in found.monitor.findings)
    late = [one for one in found.monitor.findings if "weights have grown" in one.evidence]
    assert [one.fault for one in late] in ([], ["lr_too_high"])


def test_nothing_more_is_found_in_what_is_broken(loop):
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), Root(), nn.Linear(32, 10))
    assert loop(model).run(40).faults == ["numerical_instability"]
