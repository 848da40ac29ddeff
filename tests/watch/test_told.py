"""Told: steps and losses that no hook can hear, further optimizers, and passes that are made again."""

from __future__ import annotations

import random

import numpy as np
import torch
from tests.watch.loops import batches
from torch import nn
from torch.nn import functional
from torch.utils.data import TensorDataset

import thalweg as tw
from thalweg.watch.shadow import shadow, unheard


class Own(nn.Module):
    """Computes its loss in a method of its own, which no hook hears; draws from all generators on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10))

    def fit_step(self, x, y):
        mixed = 0.1 * random.random() * np.random.random()  # noqa: NPY002
        return functional.cross_entropy(self.net(x + mixed * x.flip(0)), y)


def trained(*, watched: bool, ordered: bool = False, told: bool = True):
    torch.manual_seed(0), random.seed(0), np.random.seed(0)  # noqa: NPY002
    model = Own()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    monitor = tw.watch(model, optimizer, every=2, store=None, quiet=True) if watched else None
    for _, (x, y) in zip(range(60), batches(shuffled=not ordered), strict=False):
        if monitor and told:
            monitor.begins("fit_step", x, y)
        loss = model.fit_step(x, y)
        if monitor and told:
            monitor.heard(loss, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model, monitor


def test_a_step_that_is_told_is_heard_as_a_pass():
    _, monitor = trained(watched=True)
    assert monitor is not None
    seen = monitor.report()
    monitor.close()
    assert (seen.findings, seen.unheard) == ((), ())
    for quantity in ("loss", "gradient", "sharpness"):
        assert seen.curve(quantity), quantity


def test_what_is_told_changes_nothing():
    (model, monitor), (other, _) = trained(watched=True), trained(watched=False)
    assert monitor is not None
    monitor.close()
    assert all(map(torch.equal, model.parameters(), other.parameters()))


def test_targets_that_are_told_are_looked_at():
    _, monitor = trained(watched=True, ordered=True)
    assert monitor is not None
    monitor.close()
    assert "data_not_shuffled" in [finding.fault for finding in monitor.findings]


def test_what_is_told_after_the_end_is_not_heard():
    model, monitor = trained(watched=True)
    assert monitor is not None
    monitor.close()
    x, y = next(batches())
    monitor.begins("fit_step", x, y)
    loss = model.fit_step(x, y)
    monitor.heard(loss, y)
    assert monitor.report().updates == 60
    assert loss._backward_hooks is None


def test_parameters_of_another_optimizer_are_not_missed_and_the_loss_may_rise():
    torch.manual_seed(0)
    maker, judge = nn.Linear(4, 64), nn.Linear(64, 1)
    model = nn.Sequential(maker, judge)
    first, second = (torch.optim.SGD(part.parameters(), lr=0.1) for part in (maker, judge))
    monitor = tw.watch(model, first, others=[second], every=1, store=None, quiet=True)
    for k, (x, _) in zip(range(30), batches(), strict=False):
        second.zero_grad()
        (judge(maker(x[:, :4]).detach()) - judge(x)).sigmoid().mean().backward()
        second.step()
        first.zero_grad()
        (model(x[:, :4]).sigmoid().mean() * 2.0**k).backward()
        first.step()
    monitor.close()
    assert monitor.findings == ()
    assert monitor.report().curve("gradient")
    assert monitor.report().curve("loss")  # recorded, and not judged


def test_a_copy_does_not_copy_the_data_that_a_module_holds():
    model = nn.Linear(2, 1)
    model.data = TensorDataset(torch.ones(1000, 2))  # pyright: ignore[reportAttributeAccessIssue]
    assert shadow(model).data is model.data


def test_what_is_drawn_unheard_is_not_missed():
    random.seed(0), np.random.seed(0), torch.manual_seed(0)  # noqa: NPY002
    drawn = random.random(), np.random.random(), float(torch.rand(()))  # noqa: NPY002
    random.seed(0), np.random.seed(0), torch.manual_seed(0)  # noqa: NPY002
    with unheard():
        _ = random.random(), np.random.random(), torch.rand(())  # noqa: NPY002
    assert (random.random(), np.random.random(), float(torch.rand(()))) == drawn  # noqa: NPY002
