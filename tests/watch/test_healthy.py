"""Loops that are right though they look like faults: nothing is found in them."""

from __future__ import annotations

import torch
from tests.watch.loops import batches, net, usual
from torch import nn


class TwoHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.first, self.second = nn.Linear(64, 32), nn.Linear(32, 10), nn.Linear(32, 2)

    def forward(self, x):
        hidden = self.body(x).tanh()
        return {"digit": self.first(hidden), "odd": self.second(hidden)}


def test_two_outputs_in_one_loss(loop):
    class Both(nn.Module):
        def forward(self, output, y):
            return nn.functional.cross_entropy(output["digit"], y) + nn.functional.cross_entropy(
                output["odd"], y % 2
            )

    assert loop(TwoHeads(), loss=Both()).run(40).faults == []


def test_two_outputs_are_heard_if_gradients_are_not_cleared(loop):
    class Second(nn.Module):
        def forward(self, output, y):
            return nn.functional.cross_entropy(output["odd"], y % 2)

    def never(model, optimizer, loss_fn, x, y):
        loss_fn(model(x), y).backward()
        optimizer.step()

    assert "zero_grad" in loop(TwoHeads(), loss=Second()).run(12, never).faults


def test_a_margin_that_is_reached_has_no_gradient(loop):
    found = loop(loss=nn.MultiMarginLoss(margin=0.01), optimizer=None).run(600)
    assert found.faults == []


def test_gradients_that_are_put_in_place(loop):
    def by_hand(model, optimizer, loss_fn, x, y):
        parameters = list(model.parameters())
        for p, g in zip(parameters, torch.autograd.grad(loss_fn(model(x), y), parameters), strict=True):
            p.grad = g
        optimizer.step()

    assert loop().run(30, by_hand).faults == []


def test_evaluations_with_gradient_between_updates(loop):
    def watched_closely(model, optimizer, loss_fn, x, y):
        model.eval()
        model(x).argmax(1)
        model.train()
        usual(model, optimizer, loss_fn, x, y)

    assert loop().run(30, watched_closely).faults == []


def test_a_frozen_body_in_evaluation_mode_under_a_head(loop):
    body, head = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU()), nn.Linear(32, 10)
    body.requires_grad_(False)
    model = nn.Sequential(body, head)

    def tuned(model, optimizer, loss_fn, x, y):
        model.train()
        body.eval()
        usual(model, optimizer, loss_fn, x, y)

    assert loop(model, optimizer=torch.optim.SGD(head.parameters(), lr=0.1)).run(40, tuned).faults == []


def test_pairs_that_are_contrasted_have_their_places_as_targets(loop):
    def pairs():
        for x, _ in batches():
            yield x, torch.arange(len(x))

    def contrast(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        first, second = model(x), model(x + 0.05 * torch.randn_like(x))
        loss_fn(first @ second.T / 10, y).backward()
        optimizer.step()

    assert loop(optimizer=None).run(60, contrast, pairs()).faults == []


def test_outputs_that_are_compared_with_outputs(loop):
    """The second argument of the loss is no target: it moves with the weights."""

    def triplet(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        loss_fn(model(x), model(x + 0.05 * torch.randn_like(x)), model(x.flip(0))).backward()
        optimizer.step()

    assert loop(loss=nn.TripletMarginLoss()).run(120, triplet).faults == []


def test_one_term_of_a_loss_that_grows_while_the_whole_falls(loop):
    """The term that is watched holds a net to what it was at the start, where it is zero."""
    model = net()
    anchor = [p.detach().clone() for p in model.parameters()]

    def anchored(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        away = torch.cat([(p - a).flatten() for p, a in zip(model.parameters(), anchor, strict=True)])
        held = loss_fn(away, torch.zeros_like(away))
        (nn.functional.cross_entropy(model(x), y) + held).backward()
        optimizer.step()

    found = loop(model, loss=nn.MSELoss(), optimizer=torch.optim.SGD(model.parameters(), lr=0.3)).run(80, anchored)
    assert "lr_too_high" not in found.faults


def test_an_embedding_has_small_gradients_by_nature(loop):
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.head = nn.Embedding(17, 16), nn.Linear(32, 10)
            self.cells = nn.LSTM(16, 32, 2, batch_first=True)

        def forward(self, x):
            return self.head(self.cells(self.table((16 * x).long()))[0][:, -1])

    model = Recurrent()
    found = loop(model, optimizer=torch.optim.Adam(model.parameters(), lr=3e-3)).run(60)
    assert [one.fault for one in found.monitor.findings if one.severity != "note"] == []


def test_losses_of_single_samples_and_several_of_them(loop):
    """A loss that is not reduced, computed of two halves of a batch, and averaged by hand."""

    def halves(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        output = model(x)
        (loss_fn(output[::2], y[::2]).mean() + loss_fn(output[1::2], y[1::2]).mean()).backward()
        optimizer.step()

    found = loop(loss=nn.CrossEntropyLoss(reduction="none")).run(30, halves)
    assert found.faults == []
    assert len(found.monitor.report().points) == 15
