"""A set-up as it is often written: it runs, raises no error, and learns badly.

``thalweg check examples/trouble.py:setup`` says why.
"""

from __future__ import annotations

from functools import partial

import torch
from sklearn.datasets import load_wine
from torch import Tensor, nn

import thalweg as tw

x, y = load_wine(return_X_y=True)


def net() -> nn.Module:
    """Return a net with fresh weights."""
    return nn.Sequential(nn.Linear(13, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 3))


def train_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, loss: nn.Module, inputs: Tensor, targets: Tensor
) -> Tensor:
    """Make one update by a mini-batch; returns its loss."""
    model.train()
    found = loss(model(inputs), targets)
    found.backward()
    optimizer.step()
    return found


setup = {
    "problem": tw.Problem(
        name="wine", model=net, loss=nn.CrossEntropyLoss(), train=(x, y), batch_size=16, epochs=40
    ),
    "optimizer": partial(torch.optim.SGD, lr=0.01, momentum=0.9),
    "train_step": train_step,
}
