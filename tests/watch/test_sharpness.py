"""Sharpness: exact on a quadratic, and the same as that of the net itself."""

from __future__ import annotations

import math

import pytest
import torch
from tests.watch.loops import Loop, batches, net, usual
from torch import nn


class Parabola(nn.Module):
    """1/2 sum of a_i p_i^2, whose Hessian is diagonal."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([1.0, 1.0]))

    def forward(self, x):
        return (0.5 * torch.tensor([4.0, 1.0]) * self.p**2).sum() * x


class Same(nn.Module):
    def forward(self, output, y):
        return output.sum()


def test_it_is_that_of_the_quadratic_and_its_limit_is_two_over_the_rate():
    model = Parabola()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loop = Loop(model, loss=Same(), optimizer=optimizer, every=1)
    loop.run(1, data=iter([(torch.ones(1), torch.ones(1))]))
    (point,) = loop.monitor.report().points
    assert point.numbers["sharpness"] == pytest.approx((4 * 16 + 1 * 1) / (16 + 1), rel=1e-5)  # along (4, 1)
    assert point.numbers["sharpness limit"] == pytest.approx(2 / 0.1, rel=1e-5)
    assert point.numbers["overshoot"] == pytest.approx(0.1 * 65 / 17, rel=1e-5)
    loop.monitor.close()


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_it_is_that_of_finite_differences_with_the_same_masks(dropout):
    model = net(dropout=dropout).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loop = Loop(model, optimizer=optimizer, every=1)
    x, y = next(batches())
    x = x.double()
    before = [p.detach().clone() for p in model.parameters()]
    state = torch.get_rng_state()
    loop.run(1, data=iter([(x, y)]))
    step = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
    found = loop.monitor.report().points[0].numbers
    loop.monitor.close()

    def at(t: float) -> float:
        with torch.no_grad():
            for p, b, s in zip(model.parameters(), before, step, strict=True):
                p.copy_(b + t * s)
        torch.set_rng_state(state)
        return float(loop.loss(model(x), y).detach())

    h = 0.05
    second = (at(h) - 2 * at(0.0) + at(-h)) / h**2
    length = sum(float(s.square().sum()) for s in step)
    assert found["sharpness"] == pytest.approx(second / length, rel=1e-3)


def test_a_loss_that_is_a_function_is_asked_for_and_then_measured(loop):
    found = loop(loss=nn.functional.cross_entropy, every=1).run(2)
    report = found.monitor.report()
    assert "loss" in report.points[0].numbers
    assert "sharpness" not in report.points[0].numbers
    assert any("monitor.loss" in told for told in report.unheard)

    told = loop(loss=nn.functional.cross_entropy, every=1)
    told.run(2, lambda m, o, _, x, y: usual(m, o, told.monitor.loss, x, y))
    report = told.monitor.report()
    assert report.unheard == ()
    assert report.points[0].numbers["sharpness"] != 0
    assert math.isfinite(report.points[0].numbers["sharpness"])


def test_a_model_that_cannot_be_copied_is_said_once(loop):
    class Remembers(nn.Module):
        def forward(self, x):
            self.last = x * 2  # has a graph, which no copy can have
            return self.last

    found = loop(nn.Sequential(nn.Linear(64, 10), Remembers()), every=1).run(4)
    assert found.faults == []
    (told,) = found.monitor.report().unheard
    assert "Sharpness could not be measured: RuntimeError" in told


def test_it_is_measured_now_and_then(loop):
    found = loop(every=1).run(240)
    steps = [point.step for point in found.monitor.report().points if "sharpness" in point.numbers]
    assert steps == [0, 200]
