"""Trainee: a fresh copy of a set-up that is trained for a while; the user's own objects are never touched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from thalweg.check.recorder import Recorder
from thalweg.check.setup import Setup
from thalweg.check.trace import Trace
from thalweg.core.errors import one_line
from thalweg.data.batches import batches
from thalweg.train import Learner

DIVERGED = 1e3
"""Times the first loss (at least 1) beyond which a run has left all bounds."""


class Trainee:
    """A model of its own with its optimizer, made from the set-up with a seed.

    Args:
        setup: What is copied.
        seed: Of weights, order and noise.

    Attributes:
        learner: The run: ``learner.model``, ``learner.optimizer``, ``learner.splits``.
    """

    def __init__(self, setup: Setup, seed: int = 0) -> None:
        self.setup = setup
        self.learner = Learner(setup.problem, setup.config.replace(seed=seed), optimizer=setup.factory)
        for mend in setup.mended:
            mend(self.model, self.learner.optimizer)
        if setup.rate != 1:
            for group in self.learner.optimizer.param_groups:
                group["lr"] = group["lr"] * setup.rate

    @property
    def model(self) -> nn.Module:
        """The model."""
        return self.learner.model

    def order(self, epoch: int) -> Tensor:
        """Return the samples of an epoch, by index."""
        if self.setup.shuffle:
            return self.learner.order.of(epoch)
        return torch.arange(len(self.learner.splits["train"]))

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield mini-batches without end, epoch after epoch."""
        size = self.learner.config.batch_size
        assert size
        while True:
            yield from batches(self.learner.splits["train"], size, self.order(self.learner.epoch))
            self.learner.epoch += 1

    def train(self, steps: int, *, every: int = 0, judge: bool = True) -> Trace:
        """Train on, and return what happened.

        Args:
            steps: Updates.
            every: Every how many updates one is recorded in full; 0 records none.
            judge: Whether to measure training (its first samples) and validation before and after.
        """
        before = self.judge() if judge else {}
        recorder = Recorder(self.model, self.learner.optimizer, every=every) if every else None
        losses: list[float] = []
        error, diverged = "", False
        try:
            for _, (x, y) in zip(range(steps), self.batches(), strict=False):
                losses.append(self.update(x, y, recorder))
                diverged = not math.isfinite(losses[-1]) or abs(losses[-1]) > DIVERGED * max(abs(losses[0]), 1)
                if diverged:
                    break
        except Exception as fault:  # of the user's own code
            error = one_line(fault)
        finally:
            moments = recorder.close() if recorder else ()
        return Trace(
            losses=tuple(losses),
            moments=moments,
            before=before,
            after=self.judge() if judge and not error else {},
            diverged=diverged,
            error=error,
        )

    def update(self, x: Tensor, y: Tensor, recorder: Recorder | None = None) -> float:
        """Make one update, by the user's own step if there is one; returns the loss of the batch."""
        learner, own = self.learner, self.setup.train_step
        if recorder:
            recorder.begin(learner.step)
        with learner.own_generators():
            if own is None:
                loss = learner.update(x, y)
            else:
                with learner.noise():
                    loss = own(self.model, learner.optimizer, learner.problem.loss, x, y)
                learner.step += 1
        if recorder:
            recorder.end(float(loss.detach()))
        return float(loss.detach())

    def judge(self) -> Mapping[str, Mapping[str, float]]:
        """Return loss and metrics on training (as many samples as validation has) and validation."""
        learner = self.learner
        count = min(len(learner.splits["train"]), len(learner.splits["valid"]))
        part = learner.splits["train"].select(torch.arange(count))
        with learner.at_theta(), learner.own_generators():
            learner.seed(learner.config.seed)
            return {
                "train": learner.problem.evaluate(self.model, part),
                "valid": learner.problem.evaluate(self.model, learner.splits["valid"]),
            }
