"""Divergence: when a run has left all bounds."""

from __future__ import annotations

import math

from torch import nn

from thalweg.core.config import Config
from thalweg.core.run import Epoch

DIVERGED_ABOVE = 10.0
"""A run whose mean loss over an epoch is this many times the fresh model's has diverged."""


def divergence(epoch: Epoch, config: Config, model: nn.Module, fresh_loss: float) -> str:
    """Say what has left all bounds in this epoch, the last; empty if nothing has.

    Args:
        epoch: The last.
        config: The setting: a run that maximizes may grow as it likes.
        model: With the weights that the epoch left.
        fresh_loss: What the mean loss is held against: the larger, in size, of the fresh model's loss on
            validation and of the first mini-batch's, in training mode.
    """
    bound = math.inf if config.hyper.get("maximize") else DIVERGED_ABOVE * fresh_loss
    if not (math.isfinite(epoch.train_loss) and epoch.train_loss <= bound):
        losses = f"{epoch.train_loss:.3g}, of the fresh model {fresh_loss:.3g}"
        return f"the mean loss of epoch {epoch.number} was {losses}"
    if not all(p.isfinite().all() for p in model.parameters()):
        return f"weights were not finite after epoch {epoch.number}"
    return ""
