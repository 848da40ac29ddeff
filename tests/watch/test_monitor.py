"""Monitor: what it keeps, when it says it, and what it does when something of its own fails."""

from __future__ import annotations

import logging

import pytest
import torch
from tests.watch.loops import Loop, batches, net, usual
from tests.watch.watchers.test_clearing import never
from torch import nn

import thalweg as tw
from thalweg.watch.layers import Layers
from thalweg.watch.watched import Watched


def test_findings_are_told_once_as_they_arise(loop, caplog):
    with caplog.at_level(logging.WARNING, "thalweg.watch"):
        found = loop(quiet=False).run(4, never)
        assert not caplog.records
        found.run(8, never)
    (told,) = [record for record in caplog.records if "zero_grad" in record.message]
    assert told.levelno == logging.ERROR
    assert "Do this: call optimizer.zero_grad()" in told.message


def test_quiet_says_nothing(loop, caplog):
    loop(quiet=True).run(12, never)
    assert not caplog.records


def test_every_n_th_update_is_kept_with_its_loss(loop):
    losses = []

    def remembered(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()

    report = loop(every=3).run(10, remembered).monitor.report()
    assert report.updates == 10
    assert report.curve("loss") == [(step, pytest.approx(losses[step])) for step in (0, 3, 6, 9)]


def test_the_loss_of_gathered_passes_is_their_mean(loop):
    losses = []

    def gathered(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        for part in range(4):
            loss = loss_fn(model(x[part::4]), y[part::4])
            losses.append(loss.item())
            (loss / 4).backward()
        optimizer.step()

    report = loop(every=1).run(2, gathered).monitor.report()
    assert [value for _, value in report.curve("loss")] == pytest.approx(
        [sum(losses[:4]) / 4, sum(losses[4:]) / 4]
    )


def test_an_error_of_its_own_ends_the_watch_and_not_the_training(loop, monkeypatch):
    found = loop(every=1).run(3)
    weights = [p.detach().clone() for p in found.model.parameters()]
    monkeypatch.setattr(Layers, "derive", lambda *_: 1 / 0)
    found.run(3)
    assert any(not torch.equal(a, b) for a, b in zip(weights, found.model.parameters(), strict=True))
    report = found.monitor.report()
    assert len(report.points) == 3
    assert report.unheard == ("Nothing was heard after update 3: ZeroDivisionError: division by zero.",)


def test_what_a_report_holds_survives_its_json_form(loop):
    report = loop().run(12, never).monitor.report()
    assert Watched.from_json(report.to_json()) == report


def test_a_model_that_returns_its_loss_needs_no_other(loop):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = net()

        def forward(self, x, y):
            logits = self.body(x)
            return {"loss": nn.functional.cross_entropy(logits, y), "logits": logits}

    def by_key(model, optimizer, _, x, y):
        optimizer.zero_grad()
        model(x, y)["loss"].backward()
        optimizer.step()

    model = Own()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tw.watch(model, optimizer, every=1, store=None) as monitor:
        for _, (x, y) in zip(range(3), batches(), strict=False):
            by_key(model, optimizer, None, x, y)
    report = monitor.report()
    assert len(report.curve("loss")) == 3
    assert report.curve("sharpness")
    assert report.unheard == ()


def test_moving_a_model_to_another_type_under_way_is_heard(loop):
    found = loop(every=1).run(3)
    found.model.double()
    found.optimizer.state.clear()
    found.run(4, data=((x.double(), y) for x, y in batches()))
    assert found.faults == []
    assert found.monitor.report().updates == 7


def test_a_compiled_model_is_heard_as_a_whole(loop):
    found = loop(torch.compile(net(), backend="eager"), every=1).run(3)
    numbers = found.monitor.report().points[-1].numbers
    assert found.faults == []
    assert numbers["gradient"] > 0
    assert not any(name.startswith("spread/") for name in numbers)


def test_a_module_loss_is_heard_once_through_the_monitor_too(loop):
    found = loop(every=1)
    found.run(2, lambda m, o, _, x, y: usual(m, o, found.monitor.loss, x, y))
    assert [step for step, _ in found.monitor.report().curve("sharpness")] == [0]


def test_a_monitor_without_a_loss_cannot_compute_one():
    model = net()
    with (
        tw.watch(model, torch.optim.SGD(model.parameters()), store=None) as monitor,
        pytest.raises(tw.ThalwegError, match="knows no loss"),
    ):
        monitor.loss(torch.ones(1))


def test_long_runs_are_thinned(loop):
    found = loop(nn.Sequential(nn.Linear(64, 10)), every=1)
    found.monitor._points._most = 4
    steps = [point.step for point in found.run(30).monitor.report().points]
    assert len(steps) <= 9
    assert (steps[0], steps[-1]) == (0, 29)


def test_show_prints_findings_quantities_and_what_was_not_heard(capsys):
    loop = Loop(loss=nn.functional.cross_entropy)
    loop.run(12, never)
    loop.monitor.show()
    loop.monitor.close()
    printed = capsys.readouterr().out
    for part in ("zero_grad", "do this", "update over weights", "! No call of the loss", "1 of 2 updates watched"):
        assert part in printed
