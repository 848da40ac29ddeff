"""Length: how long a run is, what its Config leaves open being the problem's."""

from __future__ import annotations

import math

from thalweg.core.config import Config
from thalweg.optim import optimizers
from thalweg.problems import Problem


def complete(problem: Problem, config: Config) -> Config:
    """Return the Config with its length and batch size filled in, as a Run says it.

    Example:
        >>> from thalweg.problems import load
        >>> done = complete(load("digits/mlp-1"), Config(batch_size=32))
        >>> done.epochs, done.batch_size
        (20, 32)
    """
    return config.replace(
        epochs=config.epochs or problem.epochs, batch_size=config.batch_size or problem.batch_size
    )


def steps_per_epoch(problem: Problem, config: Config) -> int:
    """Return how many updates an epoch has: one a batch, or one in all if the optimizer is full-batch.

    Example:
        >>> from thalweg.problems import load
        >>> digits = load("digits/mlp-1")
        >>> steps_per_epoch(digits, Config()), steps_per_epoch(digits, Config(optimizer="lbfgs"))
        (19, 1)
    """
    if config.optimizer in optimizers and getattr(optimizers[config.optimizer].kind, "full_batch", False):
        return 1
    return math.ceil(len(problem.train) / (config.batch_size or problem.batch_size))


def steps(problem: Problem, config: Config) -> int:
    """Return the updates of a run to its end."""
    return (config.epochs or problem.epochs) * steps_per_epoch(problem, config)
