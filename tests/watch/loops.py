"""A training loop as users write it, on the digits, with what can be wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

import thalweg as tw
from thalweg.data import digits

Step = Callable[..., None]


def net(*, dropout: float = 0.1) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(64, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 10)
    )


def usual(model, optimizer, loss_fn, x, y) -> None:
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    optimizer.step()


def batches(size: int = 32, *, shuffled: bool = True) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of digits without end; unshuffled they are sorted by class."""
    x, y = torch.tensor(digits().x / 16, dtype=torch.float32), torch.tensor(digits().y)
    generator = torch.Generator().manual_seed(1)
    while True:
        order = torch.randperm(len(y), generator=generator) if shuffled else y.argsort(stable=True)
        for index in order.split(size)[:-1]:
            yield x[index], y[index]


class Loop:
    """A loop that is watched.

    Attributes:
        monitor: Of it.
    """

    def __init__(
        self, model: Any = None, *, loss: Any = None, every: int = 2, optimizer: Any = None, **known: Any
    ) -> None:
        self.model = net() if model is None else model
        self.loss = nn.CrossEntropyLoss() if loss is None else loss
        self.optimizer = optimizer or torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.5)
        known = {"store": None, "quiet": True, **known}
        self.monitor = tw.watch(self.model, self.optimizer, loss=self.loss, every=every, **known)

    def run(
        self, updates: int = 40, step: Step = usual, data: Iterator[tuple[Tensor, Tensor]] | None = None
    ) -> Loop:
        for _, (x, y) in zip(range(updates), data or batches(), strict=False):
            step(self.model, self.optimizer, self.loss, x, y)
        return self

    @property
    def faults(self) -> list[str]:
        deaf = [told for told in self.monitor.report().unheard if told.startswith("Nothing was heard")]
        assert not deaf, deaf
        return [finding.fault for finding in self.monitor.findings]
