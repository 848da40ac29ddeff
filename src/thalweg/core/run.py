"""Run: what a Config gave. Curves, final metrics, outcome, cost and where the weights lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from thalweg.core.config import Config
from thalweg.core.errors import UnknownNameError


class Outcome(StrEnum):
    """How a run ended. An outcome is data: a run that diverged never loses the other runs."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    STOPPED_EARLY = "stopped_early"
    PRUNED = "pruned"
    INTERRUPTED = "interrupted"

    @property
    def advice(self) -> str:
        """What to do about it, in a few words."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.COMPLETED: "ran to its last epoch",
    Outcome.DIVERGED: "the loss left all bounds: lower the learning rate, or clip the gradient",
    Outcome.STOPPED_EARLY: "validation stopped improving; the best weights were put back",
    Outcome.PRUNED: "was clearly worse than its rivals and gave its time to them",
    Outcome.INTERRUPTED: "was interrupted: resume it from its checkpoint",
}


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training split, measured at its end.

    Attributes:
        number: Epochs done, 1 for the first.
        step: Updates done.
        seconds: Training time so far, without evaluation and checkpoints.
        lr: The learning rate of the epoch's last update.
        train_loss: Mean of the mini-batch losses of this epoch (before each update).
        valid: Loss and metrics on the validation split.
    """

    number: int
    step: int
    seconds: float
    lr: float
    train_loss: float
    valid: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one Config gave on one Problem.

    Attributes:
        problem: The problem's name.
        config: The complete setting (epochs and batch size filled in).
        outcome: How it ended.
        epochs: The curve, one entry an epoch.
        valid: Final loss and metrics on the validation split (of the restored weights, if they were).
        test: The same on the test split; ``None`` if it was not touched.
        steps: Updates done.
        seconds: Training time, without evaluation and checkpoints.
        best_epoch: The epoch whose weights the model holds at the end.
        message: A sentence about the outcome: where it diverged, why it stopped.
        checkpoint: The folder of the last checkpoint, if any was asked for.
    """

    problem: str
    config: Config
    outcome: Outcome
    epochs: tuple[Epoch, ...]
    valid: Mapping[str, float]
    test: Mapping[str, float] | None = None
    steps: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    message: str = ""
    checkpoint: str | None = None

    def reached(self, metric: str, target: float, *, higher_is_better: bool = True) -> Epoch | None:
        """Return the first epoch whose validation `metric` is at least as good as `target`.

        Raises:
            UnknownNameError: The run did not measure it.
        """
        for epoch in self.epochs:
            if metric not in epoch.valid:
                raise UnknownNameError("metric", metric, epoch.valid)
            value = epoch.valid[metric]
            if (value >= target) if higher_is_better else (value <= target):
                return epoch
        return None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "config": self.config.to_json(),
            "outcome": str(self.outcome),
            "epochs": [dict(vars(epoch)) | {"valid": dict(epoch.valid)} for epoch in self.epochs],
            "valid": dict(self.valid),
            "test": None if self.test is None else dict(self.test),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        """Rebuild what `to_json` gave."""
        parts: dict[str, Any] = dict(data)
        parts["config"] = Config.from_json(data["config"])
        parts["outcome"] = Outcome(data["outcome"])
        parts["epochs"] = tuple(Epoch(**epoch) for epoch in data["epochs"])
        return cls(**parts)
