"""Trainee: a fresh copy of a set-up that is trained for a while; the user's own objects are never touched."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.check.budget import go_on
from thalweg.check.recorder import Recorder
from thalweg.check.setup import Setup
from thalweg.check.trace import Trace
from thalweg.core.errors import InputTypeError, one_line
from thalweg.core.seeding import derive
from thalweg.data.batches import Split, batches
from thalweg.train import Learner
from thalweg.train.factory import OptimizerFactory
from thalweg.train.full_batch import update_by_all
from thalweg.train.scheduled import Scheduled

DIVERGED = 1e3
"""Times the first loss (at least 1) beyond which a run has left all bounds."""

JUDGED = 1000
"""Samples of a split that a model is judged on, evenly spread: a share of one half is then known to 0.016."""


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
        own = None if setup.factory is None else partial(_apart, setup.factory)
        self.learner = Learner(setup.problem, setup.config.replace(seed=seed), optimizer=own)
        optimizer = self.learner.optimizer
        with self.learner.own_generators():
            self.learner.seed(derive(seed, "mended"))
            for mend in setup.mended:
                mend(self.model, optimizer)
        if setup.rate != 1:
            for group in optimizer.param_groups:
                group["lr"] = group["lr"] * setup.rate
        self.learner.scheduled = Scheduled(optimizer, self.learner.config)  # it multiplies what is there now

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

    def train(
        self, steps: int, *, every: int = 0, judge: bool = True, seconds: float = math.inf, least: int = 0
    ) -> Trace:
        """Train on, and return what happened.

        Args:
            steps: Updates.
            every: Every how many updates one is recorded in full; 0 records none.
            judge: Whether to measure training and validation before and after.
            seconds: After which it ends before that.
            least: Updates that are made however long they take.

        Raises:
            OutOfTime: The time is up (see `thalweg.check.budget`).
        """
        before = self.judge() if judge else {}
        recorder = Recorder(self.model, self.learner.optimizer, every=every) if every else None
        losses: list[float] = []
        error, diverged, end = "", False, time.perf_counter() + seconds
        try:
            for _, (x, y) in zip(range(steps), self.batches(), strict=False):
                go_on()
                losses.append(self.update(x, y, recorder))
                diverged = not math.isfinite(losses[-1]) or abs(losses[-1]) > DIVERGED * max(abs(losses[0]), 1)
                if diverged or (len(losses) >= least and time.perf_counter() > end):
                    break
        except Exception as fault:  # of the user's own code; numbers that are not finite may be what it balks at
            diverged = not all(p.isfinite().all() for p in self.model.parameters())
            error = "" if diverged else one_line(fault)
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
        """Make one update, by the user's own step if there is one; returns the loss of the batch.

        Raises:
            InputTypeError: The user's step returns no number.
        """
        learner, own = self.learner, self.setup.train_step
        if recorder:
            recorder.begin(learner.step)
        with learner.own_generators(), torch.enable_grad():
            if own is None:
                loss = update_by_all(learner, len(x)) if learner.full_batch else learner.update(x, y)
            else:
                outputs, given = self.setup.outputs, learner.problem.loss
                with learner.noise(), outputs.as_given(given) if outputs else nullcontext(given) as own_loss:
                    loss = own(self.model, learner.optimizer, own_loss, x, y)
                learner.step += 1
        value = _number(loss)
        if recorder:
            recorder.end(value)
        return value

    def judge(self) -> Mapping[str, Mapping[str, float]]:
        """Return loss and metrics on training and validation, each on `JUDGED` samples at most."""
        learner = self.learner
        with learner.at_theta(), learner.own_generators():
            learner.seed(learner.config.seed)
            return {
                name: learner.problem.evaluate(self.model, _some(learner.splits[name]))
                for name in ("train", "valid")
            }


def _some(split: Split) -> Split:
    n = len(split)
    return split if n <= JUDGED else split.select(torch.linspace(0, n - 1, JUDGED).long())


def _number(loss: Any) -> float:
    try:
        return float(loss.detach() if isinstance(loss, Tensor) else loss)
    except (TypeError, ValueError, RuntimeError) as error:
        form = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise InputTypeError(
            "The training step returns no loss.", got=form, expected="the loss of the batch, one number"
        ) from error


def _apart(factory: OptimizerFactory, parameters: list[nn.Parameter]) -> Optimizer:
    """Return the factory's optimizer, with copies of what it holds beside these: that may be the user's model."""
    optimizer = factory(parameters)
    own = {id(p): p for p in parameters}
    groups: list[dict[str, Any]] = getattr(optimizer, "param_groups", [])
    strangers = any(id(p) not in own for group in groups for p in group["params"])
    return deepcopy(optimizer, dict(own)) if strangers else optimizer
