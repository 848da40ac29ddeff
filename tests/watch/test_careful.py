"""Careful: a second pass leaves no trace outside of the model, or is not made."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from tests.watch.loops import Loop, batches, net
from torch import nn


class Bank(nn.Module):
    """Keeps a mean of what it has seen in a tensor that is none of its own."""

    def __init__(self, bank: torch.Tensor) -> None:
        super().__init__()
        self.body, self.bank = net(), lambda: bank

    def forward(self, x):
        bank = self.bank()
        bank.mul_(0.9).add_(0.1 * x.detach().mean(0))
        return self.body(x + bank)


class Drawn(nn.Module):
    """Draws noise from a generator that it does not hold."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.body, self.generator = net(), lambda: generator

    def forward(self, x):
        return self.body(x + torch.randn(x.shape, generator=self.generator()))


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = net()

    def forward(self, x):
        return self.body(x.mul_(1.01))


def drawing_loss(generator: torch.Generator):
    return lambda output, y: nn.functional.cross_entropy(
        output + torch.randn(output.shape, generator=generator), y
    )


def bank():
    return Bank(torch.zeros(64)), nn.CrossEntropyLoss()


def drawn():
    return Drawn(torch.Generator().manual_seed(1)), nn.CrossEntropyLoss()


def in_place():
    return InPlace(), nn.CrossEntropyLoss()


def loss_that_draws():
    return net(), drawing_loss(torch.Generator().manual_seed(1))


@pytest.mark.parametrize("made", [bank, drawn, in_place, loss_that_draws])
def test_weights_and_data_are_the_same_where_a_pass_has_effects_outside(made):
    def trained(watched: bool):
        model, loss_fn = made()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        data = [batch for batch, _ in zip(batches(), range(4), strict=False)]
        loop = Loop(model, loss=loss_fn, optimizer=optimizer, every=1)
        if not watched:
            loop.monitor.close()
        for x, y in data:
            optimizer.zero_grad()
            heard = loop.monitor.loss if watched else loss_fn
            heard(model(x), y).backward()
            optimizer.step()
        loop.monitor.close()
        return [*model.parameters(), *(x for x, _ in data)], loop.monitor.report()

    (plain, _), (watched, report) = trained(False), trained(True)
    assert all(torch.equal(one, other) for one, other in zip(plain, watched, strict=True))
    assert not report.curve("sharpness")


def test_a_watched_model_can_be_saved_and_copied_and_the_copy_is_not_heard(loop, tmp_path):
    found = loop(every=1).run(2)
    torch.save(found.model, tmp_path / "model.pt")
    copies = [
        torch.load(tmp_path / "model.pt", weights_only=False),
        pickle.loads(pickle.dumps(found.model)),
        copy.deepcopy(found.model),
    ]
    x, y = next(batches())
    for one in copies:
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), found.model.parameters(), strict=True))
        found.loss(one(x), y).backward()
    assert found.run(2).faults == []
    assert found.monitor.report().updates == 4


def test_a_function_that_is_compiled_whole_stays_whole(loop):
    found = loop(every=1)
    step = torch.compile(
        lambda x, y: nn.functional.cross_entropy(found.model(x), y), backend="eager", fullgraph=True
    )
    for _, (x, y) in zip(range(6), batches(), strict=False):
        found.optimizer.zero_grad()
        step(x, y).backward()
        found.optimizer.step()
    assert found.faults == []
    assert any("not heard to be called" in told for told in found.monitor.report().unheard)
