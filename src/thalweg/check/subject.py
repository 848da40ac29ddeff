"""Subject: a set-up under examination, with the measurements that looks share, each made when first asked for."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from thalweg.check.setup import Setup
from thalweg.check.trace import Trace
from thalweg.check.trainee import Trainee
from thalweg.data.batches import Split
from thalweg.train.prepared import prepared

SAMPLE = 4096
"""Samples of a split that static looks read: they decide nothing that more would change."""

STEPS, LEAST, SECONDS = 100, 25, 4.0
"""Updates of the run at the user's own setting: so many, or those that fit into the seconds, but not too few."""


class Subject:
    """A set-up, and what has been measured of it.

    Args:
        setup: What is checked.
        seed: Of all that the examination draws.
    """

    def __init__(self, setup: Setup, seed: int = 0) -> None:
        self.setup, self.seed = setup, seed

    @cached_property
    def splits(self) -> dict[str, Split]:
        """The splits as the model gets them."""
        return prepared(self.setup.problem, self.setup.config).splits

    @cached_property
    def samples(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Inputs and targets of every split: all, or `SAMPLE` of them evenly spread."""
        return {name: split.take(_spread(len(split))) for name, split in self.splits.items()}

    @cached_property
    def batch(self) -> tuple[Tensor, Tensor]:
        """The first mini-batch of training."""
        return next(iter(Trainee(self.setup, seed=self.seed).batches()))

    @cached_property
    def trainee(self) -> Trainee:
        """A fresh copy: look at it, but do not train it."""
        return Trainee(self.setup, seed=self.seed)

    @property
    def model(self) -> nn.Module:
        """The fresh model of `trainee`."""
        return self.trainee.model

    @cached_property
    def trace(self) -> Trace:
        """The first updates at the user's own setting, `STEPS` if there is time, every one recorded."""
        return Trainee(self.setup, seed=self.seed).train(STEPS, every=1, seconds=SECONDS, least=LEAST)


def _spread(n: int) -> Tensor:
    return torch.arange(n) if n <= SAMPLE else torch.linspace(0, n - 1, SAMPLE).long()
