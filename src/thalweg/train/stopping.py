"""Early stopping: the best epoch by validation, how long ago it was, and its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from thalweg.core.run import Epoch
from thalweg.problems import Metric


@dataclass
class EarlyStopping:
    """Watches one validation metric; it alone decides when to stop and which weights to keep.

    Args:
        metric: What is watched.
        patience: Epochs without a better value before stopping; ``None`` never stops. NaN is never better.
        keep_best: Whether the weights of the best epoch are kept, to be put back at the end.

    Reference:
        Goodfellow, Bengio & Courville 2016, Algorithm 7.1.
    """

    metric: Metric
    patience: int | None
    keep_best: bool
    best_epoch: int = 0
    best: float = float("nan")
    loss: float = float("nan")
    weights: dict[str, Any] = field(default_factory=dict[str, Any])

    def see(self, epoch: Epoch, model: nn.Module) -> None:
        """Take note of an epoch; the model holds the weights that its metric was measured at."""
        value = epoch.valid[self.metric.name]
        better = value > self.best if self.metric.higher_is_better else value < self.best
        first = math.isnan(self.best) and not math.isnan(value)
        # Accuracy comes in steps: among equals the lower loss is the better model.
        tie = value == self.best and epoch.valid["loss"] < self.loss
        if first or better or tie:
            self.best, self.best_epoch, self.loss = value, epoch.number, epoch.valid["loss"]
            if self.keep_best:
                self.weights = {name: _copy(value) for name, value in model.state_dict().items()}

    def is_due(self, epoch: Epoch) -> bool:
        """Whether patience is spent."""
        return self.patience is not None and epoch.number - self.best_epoch >= self.patience

    def put_back(self, model: nn.Module) -> bool:
        """Put the best weights back; says whether there were any."""
        if self.weights:
            model.load_state_dict(self.weights)
        return bool(self.weights)

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs: tensors and numbers."""
        return {"best": self.best, "best_epoch": self.best_epoch, "loss": self.loss, "weights": self.weights}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.best, self.best_epoch, self.loss = state["best"], state["best_epoch"], state["loss"]
        self.weights = state["weights"]


def _copy(value: Any) -> Any:
    """Return a copy; of a tensor that is a view, of the view alone."""
    return value.detach().clone() if isinstance(value, Tensor) else deepcopy(value)
