"""Length: how long a run is, in epochs, batches and updates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thalweg.core.config import Config
from thalweg.optim import optimizers
from thalweg.problems import Problem
from thalweg.train.full_batch import is_full_batch


@dataclass(frozen=True)
class Length:
    """How long a run is, if nothing ends it early.

    Attributes:
        epochs: Passes over the training split.
        batch_size: Samples a batch.
        batches: Batches an epoch; the last may be smaller.
        steps_per_epoch: Updates an epoch: one a batch, or one in all if the optimizer is full-batch.

    Example:
        >>> from thalweg.problems import load
        >>> Length.of(load("digits/logistic"), Config(epochs=3, batch_size=100))
        Length(epochs=3, batch_size=100, batches=12, steps_per_epoch=12)
    """

    epochs: int
    batch_size: int
    batches: int
    steps_per_epoch: int

    @classmethod
    def of(cls, problem: Problem, config: Config) -> Length:
        """Return the length of a run: what the Config leaves open is the problem's."""
        size = config.batch_size or problem.batch_size
        batches = math.ceil(len(problem.train) / size)
        at_once = config.optimizer in optimizers and is_full_batch(optimizers[config.optimizer].kind)
        return cls(config.epochs or problem.epochs, size, batches, 1 if at_once else batches)

    @property
    def steps(self) -> int:
        """Updates in all."""
        return self.epochs * self.steps_per_epoch


def complete(problem: Problem, config: Config) -> Config:
    """Return the Config with its epochs and batch size filled in, as a Run says it.

    Example:
        >>> from thalweg.problems import load
        >>> complete(load("digits/logistic"), Config(epochs=3))
        Config(optimizer='momentum', epochs=3, batch_size=64)
    """
    length = Length.of(problem, config)
    return config.replace(epochs=length.epochs, batch_size=length.batch_size)
