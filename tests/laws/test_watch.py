"""Law: a loop that is watched ends with the same bits: weights, buffers, optimizer, random numbers, losses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

import thalweg as tw

UPDATES, BATCH = 9, 8


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells, self.head = nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.cells(x.view(-1, 4, 4))[0][:, -1])


class Attentive(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.block(x.view(-1, 4, 4)).flatten(1))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "dropout": lambda: nn.Sequential(nn.Linear(16, 8), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(8, 3)),
    "normalized": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 4, 4)),
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(16, 3),
    ),
    "recurrent": Recurrent,
    "attentive": Attentive,
}

OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    "LBFGS": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=2),
    "Nesterov": lambda p: tw.optim.Nesterov(p, lr=0.1, momentum=0.9),
}


def plainly(model, optimizer, loss_fn, x, y):
    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss

    if isinstance(optimizer, torch.optim.LBFGS):
        return optimizer.step(closure)
    loss = closure()
    optimizer.step()
    return loss


def gathered_and_clipped(model, optimizer, loss_fn, x, y):
    if isinstance(optimizer, torch.optim.LBFGS):
        return plainly(model, optimizer, loss_fn, x, y)
    optimizer.zero_grad()
    for part in range(2):
        loss = loss_fn(model(x[part::2]), y[part::2])
        (loss / 2).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return loss


def with_evaluation(model, optimizer, loss_fn, x, y):
    loss = plainly(model, optimizer, loss_fn, x, y)
    model.eval()
    with torch.no_grad():
        loss = loss + loss_fn(model(x), y)
    model.train()
    return loss


MANNERS = (plainly, gathered_and_clipped, with_evaluation)


def trained(model: str, optimizer: str, manner: Any, every: int, loss_fn: Any) -> list[torch.Tensor]:
    torch.manual_seed(0)
    net = MODELS[model]()
    stepper = OPTIMIZERS[optimizer](list(net.parameters()))
    kwargs: dict[str, Any] = {"loss": loss_fn, "every": every, "store": None, "quiet": True}
    losses = []
    with tw.watch(net, stepper, **kwargs) if every else nullcontext() as monitor:
        for _ in range(UPDATES):
            x, y = torch.randn(BATCH, 16), torch.randint(0, 3, (BATCH,))
            losses.append(manner(net, stepper, loss_fn, x, y).detach())
        if monitor is not None:
            assert len(monitor.report().points) == -(-UPDATES // every)
            assert not any("Nothing was heard" in told for told in monitor.report().unheard)
    state = [
        v for kept in stepper.state_dict()["state"].values() for v in kept.values() if isinstance(v, torch.Tensor)
    ]
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    return [*net.state_dict().values(), *state, *gradients, *losses, torch.get_rng_state()]


@pytest.mark.parametrize(("model", "optimizer"), list(product(MODELS, OPTIMIZERS)))
def test_bits_are_the_same_with_and_without(model, optimizer):
    for manner in MANNERS:
        for loss_fn in (nn.CrossEntropyLoss(), nn.functional.cross_entropy):
            plain = trained(model, optimizer, manner, 0, loss_fn)
            for every in (1, 4):
                heard = trained(model, optimizer, manner, every, loss_fn)
                assert len(heard) == len(plain)
                assert all(torch.equal(a, b) for a, b in zip(plain, heard, strict=True)), (manner, every)


def test_hooks_are_gone_when_it_is_closed():
    model, loss_fn = MODELS["dropout"](), nn.CrossEntropyLoss()
    optimizer = OPTIMIZERS["SGD"](list(model.parameters()))
    monitor = tw.watch(model, optimizer, loss=loss_fn, every=1, store=None)
    plainly(model, optimizer, loss_fn, torch.randn(4, 16), torch.zeros(4).long())
    monitor.close()
    for module in (*model.modules(), loss_fn):
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
