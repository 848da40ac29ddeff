"""Early stopping: the best weights by validation, and how long ago they were."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from thalweg.core.run import Epoch
from thalweg.problems import Metric


@dataclass
class EarlyStopping:
    """Watches one validation metric; it alone decides when to stop and keeps the best weights.

    Args:
        metric: What is watched.
        patience: Epochs without a better value before stopping; ``None`` never stops and keeps nothing.
            NaN is never better.

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 7.1.
    """

    metric: Metric
    patience: int | None
    best_epoch: int = 0
    best: float = float("nan")
    weights: dict[str, Any] = field(default_factory=dict[str, Any])

    def see(self, epoch: Epoch, model: nn.Module) -> None:
        """Take note of an epoch; the model holds the weights that its metric was measured at."""
        value = epoch.valid[self.metric.name]
        better = value > self.best if self.metric.higher_is_better else value < self.best
        first = math.isnan(self.best) and not math.isnan(value)
        if self.patience and (first or better):
            self.best, self.best_epoch = value, epoch.number
            self.weights = deepcopy(dict(model.state_dict()))

    def is_due(self, epoch: Epoch) -> bool:
        """Whether patience is spent."""
        return self.patience is not None and epoch.number - self.best_epoch >= self.patience

    def restore(self, model: nn.Module) -> None:
        """Put the best weights back."""
        if self.weights:
            model.load_state_dict(self.weights)
