"""A small regression on two tensors, for tests that train."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn


class Task:
    """A linear model in float64 whose loss is a function of the step alone."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        generator = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.randn(3, 2, dtype=torch.float64, generator=generator).to(dtype))
        self.bias = nn.Parameter(torch.zeros(2, dtype=dtype))
        self.params = [self.weight, self.bias]
        self.named = [("weight", self.weight), ("bias", self.bias)]

    def loss(self, step: int) -> Tensor:
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(5, 3, dtype=torch.float64, generator=generator).to(self.weight.dtype)
        return (torch.tanh(x @ self.weight + self.bias) - x[:, :2]).square().mean()

    def train(self, optimizer: torch.optim.Optimizer, steps: range, scheduler: object = None) -> None:
        """Train as torch users do: clear, forward, backward, step, schedule."""
        for step in steps:
            optimizer.zero_grad()
            loss = self.loss(step)
            loss.backward()
            optimizer.step()
            if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
                scheduler.step(loss.item())
            elif isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler):
                scheduler.step()

    def same(self, other: Task) -> bool:
        return all(torch.equal(a, b) for a, b in zip(self.params, other.params, strict=True))


@pytest.fixture
def make_task() -> Callable[..., Task]:
    """The class of tasks."""
    return Task
