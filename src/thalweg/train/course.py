"""Course: one run under way. It keeps the curve, knows when the run ends, and tells a sink."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from thalweg.core.errors import InputError, one_line
from thalweg.core.events import EpochEnded, RunEnded, RunStarted, Sink, silent
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.train import checkpoint as checkpoints
from thalweg.train.divergence import divergence
from thalweg.train.learner import Learner
from thalweg.train.sparsity import zeros
from thalweg.train.stopping import EarlyStopping

EVERY = 5.0
"""Seconds after which a checkpoint is written inside an epoch too; at the end of one it always is."""


class Course:
    """A run between its start and its end.

    Args:
        learner: What is trained.
        sink: Hears the events.
        run_id: What the events call this run.
        test: Whether the final weights are judged on the test split.
        checkpoint: A folder to write checkpoints to.
        resume: Whether to go on from the checkpoint in that folder, if there is one.

    Raises:
        InputError: A test without a test split, or nothing to resume from.
        CheckpointError: What is in the folder cannot be resumed.
        OutputError: The folder cannot be written to.

    Attributes:
        curve: The epochs that are done.
        ended: How it ended and why, or None while it goes on.
    """

    def __init__(
        self,
        learner: Learner,
        *,
        sink: Sink = silent,
        run_id: str = "run",
        test: bool = False,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> None:
        if test and "test" not in learner.splits:
            raise InputError(f"The problem {learner.problem.name} has no test split.", remedy="leave test=False")
        if resume and not checkpoint:
            raise InputError("There is nothing to resume from.", remedy="name the checkpoint's folder")
        if checkpoint:
            checkpoints.require_place(checkpoint, resume=resume)
        self.learner, self.sink, self.run_id = learner, sink, run_id
        self.test, self.checkpoint = test, checkpoint
        config = learner.config
        self.stopping = EarlyStopping(learner.problem.objective_metric, config.patience, config.keeps_best)
        self.curve: list[Epoch] = []
        if checkpoint and resume:
            self.curve = checkpoints.load(checkpoint, learner, self.stopping)
        self.ended = self._due()
        self._written = time.monotonic()

    def begin(self, *, retell: bool = False) -> None:
        """Tell that the run begins, or goes on.

        Args:
            retell: Tell of its epochs again too: who was killed may have written some down, and told no one.
        """
        self.sink(
            RunStarted(
                run_id=self.run_id,
                problem=self.learner.problem.name,
                config=self.learner.config,
                total_epochs=self.learner.epochs,
                resumed_at=len(self.curve),
            )
        )
        for epoch in self.curve if retell else ():
            self.sink(EpochEnded(run_id=self.run_id, epoch=epoch))

    def train_block(self) -> None:
        """Train a block of updates; at the end of an epoch, record it."""
        try:
            goes_on = self.learner.train_block()
        except Exception as error:  # of the user's model, loss, data or optimizer
            self.fail(error)
            return
        if not goes_on:
            self.end_epoch()
        elif self.checkpoint and time.monotonic() - self._written > EVERY:
            self._write(self.checkpoint)

    def end_epoch(self) -> None:
        """End the epoch of the learner, and record it."""
        try:
            epoch = self.learner.end_epoch()
        except Exception as error:  # of the user's model, loss or metrics
            self.fail(error)
        else:
            self.record(epoch)

    def record(self, epoch: Epoch) -> None:
        """Take note of an epoch that the learner has just ended."""
        self.curve.append(epoch)
        with self.learner.at_theta():
            self.stopping.see(epoch, self.learner.model)
        if self.checkpoint:
            self._write(self.checkpoint)
        self.sink(EpochEnded(run_id=self.run_id, epoch=epoch))
        self.ended = self._due()

    def fail(self, error: Exception) -> None:
        """End it because something of the user's raised an error."""
        where = f"(in epoch {len(self.curve) + 1}, after step {self.learner.step})"
        self.ended = Outcome.FAILED, f"{one_line(error)} {where}"

    def interrupt(self) -> None:
        """End it because the user asked for that."""
        self.ended = Outcome.INTERRUPTED, f"interrupted after {len(self.curve)} of {self.learner.epochs} epochs"

    def prune(self) -> None:
        """End it in favour of its rivals."""
        self.ended = Outcome.PRUNED, f"gave way to better runs after {len(self.curve)} epochs"

    def conclude(self) -> Run:
        """Put the final weights in place, tell that the run is over, and return it."""
        assert self.ended
        outcome, message = self.ended
        self.learner.settle()
        put_back = not outcome.broken and self.stopping.put_back(self.learner.model)
        run = Run.of_curve(
            self.curve,
            best_epoch=self.stopping.best_epoch if put_back else None,
            problem=self.learner.problem.name,
            config=self.learner.config,
            outcome=outcome,
            zeros=zeros(self.learner.model) if self.learner.config.hyper.get("l1_prox") else None,
            message=message,
            checkpoint=str(self.checkpoint) if self.checkpoint else None,
        )
        if self.test and outcome not in (Outcome.INTERRUPTED, Outcome.FAILED, Outcome.PRUNED):
            run = self._tested(run)
        self.sink(RunEnded(run_id=self.run_id, run=run))
        return run

    def state(self) -> dict[str, Any]:
        """Return all that it needs to go on, tensors as they are now; hold theta meanwhile."""
        curve = [epoch.to_json() for epoch in self.curve]
        return {"learner": self.learner.state(), "stopping": self.stopping.state(), "curve": curve}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.learner.restore(state["learner"])
        self.stopping.restore(state["stopping"])
        self.curve = [Epoch.from_json(epoch) for epoch in state["curve"]]
        self.ended = self._due()

    def _write(self, folder: str | Path) -> None:
        checkpoints.save(folder, self.learner, self.stopping, self.curve)
        self._written = time.monotonic()

    def _due(self) -> tuple[Outcome, str] | None:
        """How it ends after the last epoch, if it does."""
        if not self.curve:
            return None
        last = self.curve[-1]
        learner = self.learner
        if left_bounds := divergence(last, learner.config, learner.model, learner.fresh_loss):
            return Outcome.DIVERGED, left_bounds
        if self.stopping.is_due(last):
            why = f"no better {self.stopping.metric.name} since epoch {self.stopping.best_epoch}"
            return Outcome.STOPPED_EARLY, why
        return (Outcome.COMPLETED, "") if learner.epoch >= learner.epochs else None

    def _tested(self, run: Run) -> Run:
        """Judge the final weights on the test split."""
        try:
            return replace(run, test=self.learner.judge("test"))
        except Exception as error:
            why = f"{one_line(error)} (on the test split, after step {run.steps})"
            return replace(run, outcome=Outcome.FAILED, message=f"{run.message}; {why}" if run.message else why)
