"""Run: what a Config gave. Curves, final metrics, outcome, cost and where the weights lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    FAILED = "failed"

    @property
    def advice(self) -> str:
        """What to do about it, in a few words."""
        return _ADVICE[self]

    @property
    def broken(self) -> bool:
        """Whether training broke down, so that no score of the run counts."""
        return self in (Outcome.DIVERGED, Outcome.FAILED)


_ADVICE = {
    Outcome.COMPLETED: "ran to its last epoch",
    Outcome.DIVERGED: "the loss left all bounds: lower the learning rate, or clip the gradient",
    Outcome.STOPPED_EARLY: "validation stopped improving; the best weights were put back",
    Outcome.PRUNED: "was clearly worse than its rivals and gave its time to them",
    Outcome.INTERRUPTED: "was interrupted: resume it from its checkpoint",
    Outcome.FAILED: "the model, loss, metric or optimizer raised an error: mend it, or lower the learning rate",
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

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return vars(self) | {"valid": dict(self.valid)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Epoch:
        """Rebuild what `to_json` gave."""
        return cls(**data)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one Config gave on one Problem.

    All of it is of whole epochs. After an interruption or failure in mid-epoch the model in hand is in
    mid-epoch too, some updates further, unless the best weights were put back (`best_epoch`).

    Attributes:
        problem: The problem's name.
        config: The complete setting (epochs and batch size filled in; for an optimizer factory, the name of
            the optimizer's class and its numbers).
        outcome: How it ended.
        epochs: The curve, one entry an epoch.
        valid: Final loss and metrics on the validation split (of the restored weights, if they were).
        test: The same on the test split; ``None`` if it was not touched.
        steps: Updates done, up to the end of the last whole epoch.
        seconds: Training time up to then, without evaluation and checkpoints.
        best_epoch: The epoch that `valid` is of: the best if its weights were put back, else the last. Those of
            a run that diverged or failed are never put back.
        zeros: The share of the trained parameters that are exactly zero in the final model, where something is to
            make them so (``l1_prox``); else ``None``.
        message: A sentence about the outcome: where it diverged, why it stopped, what failed.
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
    zeros: float | None = None
    message: str = ""
    checkpoint: str | None = None

    @classmethod
    def of_curve(cls, epochs: Sequence[Epoch], *, best_epoch: int | None = None, **known: Any) -> Run:
        """Return a run by what was measured of it: final metrics, updates and time are those that the curve says.

        Args:
            epochs: The curve.
            best_epoch: The epoch whose weights the model holds at the end; None for the last.
            known: The other fields: problem, config, outcome, and what else is known.

        Example:
            >>> first = Epoch(number=1, step=9, seconds=0.5, lr=0.1, train_loss=2.0, valid={"loss": 1.5})
            >>> run = Run.of_curve([first], problem="p", config=Config(), outcome=Outcome.PRUNED)
            >>> run.valid, run.steps, run.best_epoch
            ({'loss': 1.5}, 9, 1)
        """
        best = len(epochs) if best_epoch is None else best_epoch
        last = epochs[-1] if epochs else None
        return cls(
            epochs=tuple(epochs),
            valid=dict(epochs[best - 1].valid) if last else {},
            steps=last.step if last else 0,
            seconds=last.seconds if last else 0.0,
            best_epoch=best,
            **known,
        )

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
            "epochs": [epoch.to_json() for epoch in self.epochs],
            "valid": dict(self.valid),
            "test": None if self.test is None else dict(self.test),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        """Rebuild what `to_json` gave."""
        parts: dict[str, Any] = dict(data)
        parts["config"] = Config.from_json(data["config"])
        parts["outcome"] = Outcome(data["outcome"])
        parts["epochs"] = tuple(map(Epoch.from_json, data["epochs"]))
        return cls(**parts)
