"""Objective: what training minimizes, which is the problem's loss with what the setting puts around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from thalweg.core.config import Config
from thalweg.problems import Problem
from thalweg.train.label_smoothing import Smoothed, smoothed


@dataclass(frozen=True)
class Objective:
    """The loss of a mini-batch in training: of augmented inputs, against targets that may be smoothed.

    Args:
        problem: Whose loss and augmentation it is.
        smoothed: The loss with targets to smooth; ``None`` leaves it as it is.
    """

    problem: Problem
    smoothed: Smoothed | None

    @classmethod
    def of(cls, problem: Problem, configs: Sequence[Config]) -> Objective:
        """Return the objective that these settings of one problem share.

        Raises:
            InputError: A loss whose targets cannot be smoothed, though a setting asks for that.
        """
        smooths = any(config.label_smoothing is not None for config in configs)
        return cls(problem, smoothed(problem.loss) if smooths else None)

    def share(self, config: Config) -> float:
        """Return the share by which a setting smooths targets: its own, or the loss's."""
        own = self.smoothed.own if self.smoothed else 0.0
        return own if config.label_smoothing is None else config.label_smoothing

    def shares(self, configs: Sequence[Config]) -> Tensor | None:
        """Return the share of every setting, float64; None if no target is smoothed."""
        return torch.tensor([*map(self.share, configs)], dtype=torch.float64) if self.smoothed else None

    def output(self, model: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Return what a model gives for the augmented inputs of a mini-batch."""
        return model(x if self.problem.augment is None else self.problem.augment(x))

    def loss(self, output: Tensor, y: Tensor, share: float | Tensor | None) -> Tensor:
        """Return the loss of an output, smoothed by a share."""
        if self.smoothed is None or share is None:
            return self.problem.loss(output, y)
        return self.smoothed(output, y, share)
