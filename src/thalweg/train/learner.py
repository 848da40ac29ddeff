"""Learner: what one run is made of (model, optimizer, schedule, data order), and how an epoch is trained."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor

from thalweg.core.config import Config
from thalweg.core.run import Epoch
from thalweg.core.seeding import derive
from thalweg.data.batches import batches
from thalweg.data.sampling import sample_losses
from thalweg.optim import Routed, RuleOptimizer
from thalweg.optim.max_norm import max_norm_
from thalweg.problems import Problem
from thalweg.train.factory import OptimizerFactory
from thalweg.train.full_batch import check_sampling, is_full_batch, update_by_all
from thalweg.train.length import complete
from thalweg.train.noise import Noise
from thalweg.train.objective import Objective
from thalweg.train.order import Order
from thalweg.train.outset import fresh_model, fresh_optimizer
from thalweg.train.prepared import prepared
from thalweg.train.scheduled import Scheduled, check_schedules

BLOCK = 64
"""Updates at a stretch, between two looks at the loss: often enough to stop a diverged run early, and to write
down where a long epoch stands; too seldom to cost."""


class Learner:
    """A model with its optimizer on a problem, ready to train epoch by epoch.

    Weights, data order and noise come from the Config's seed alone; the global random state of the caller is
    left as it was. A pass is one update a mini-batch; for an optimizer whose class says ``full_batch``, such as
    L-BFGS, it is one update by the whole split, which comes in chunks of the batch size.

    Args:
        problem: What to train on.
        config: The setting; epochs and batch size left open are the problem's.
        optimizer: A factory that replaces the Config's optimizer, for one that is not in the registry;
            a schedule then multiplies the ``lr`` of each of its groups, or another number in them by its key,
            and the learner's Config names its class and numbers.
        device: Where to train.

    Raises:
        InputError: A setting that cannot be used.

    Example:
        >>> from thalweg.problems import load
        >>> learner = Learner(load("digits/logistic"), Config(optimizer="adam", hyper={"lr": 0.01}))
        >>> learner.train_epoch().valid["accuracy"] > 0.7
        True
    """

    def __init__(
        self,
        problem: Problem,
        config: Config,
        *,
        optimizer: OptimizerFactory | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.problem = prepared(problem, config)
        self.config = complete(problem, config)
        self.device = torch.device(device)
        self.splits = {name: split.to(self.device) for name, split in self.problem.splits.items()}
        with self.own_generators():
            self.seed(derive(config.seed, "weights"))
            self.model = fresh_model(self.problem, config).to(self.device)
            self.optimizer, self.config = fresh_optimizer(self.problem, self.config, self.model, optimizer)
        if optimizer is None:
            check_schedules(self.config, self.steps_per_epoch)
        self.objective = Objective.of(self.problem, [self.config])
        self.order = Order(self.splits["train"], self.config)
        check_sampling(self.optimizer, self.config)
        self.scheduled = Scheduled(self.optimizer, self.config)
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.losses: list[Tensor] = []
        self.fresh_loss = math.nan
        self.draws: bool | None = None
        self.holds_theta = False

    @property
    def epochs(self) -> int:
        """Epochs to train in all."""
        assert self.config.epochs
        return self.config.epochs

    @property
    def steps_per_epoch(self) -> int:
        """Updates an epoch: one a batch, the last may be smaller; one in all, if the optimizer is full-batch."""
        if self.full_batch:
            return 1
        return math.ceil(len(self.splits["train"]) / self._batch_size)

    def train_epoch(self) -> Epoch:
        """Train what is left of a pass over the training split, judge the model on validation, and return both.

        A loss that is not finite ends the pass at the end of its block of updates.
        """
        while self.train_block():
            pass
        return self.end_epoch()

    def train_block(self) -> bool:
        """Train the next `BLOCK` updates of the epoch, or those that are left; says whether it goes on."""
        if not self.goes_on:
            return False
        if self.step == 0:
            self.fresh_loss = abs(self.judge("valid")["loss"])
        started = time.perf_counter()
        self.model.train()
        with self.own_generators():
            if self.full_batch:
                self.losses.append(update_by_all(self, self._batch_size))
            else:
                for x, y in batches(self.splits["train"], self._batch_size, self.upcoming()):
                    self.losses.append(self.update(x, y))
        self.seconds += time.perf_counter() - started
        return self.goes_on

    def upcoming(self) -> Tensor:
        """Return the samples of the next block, by index, in order."""
        done = len(self.losses) * self._batch_size
        return self.order.of(self.epoch)[done : done + BLOCK * self._batch_size].to(self.device)

    @property
    def goes_on(self) -> bool:
        """Whether updates are left in this epoch, and the last whole block of it ended at a finite loss."""
        done = len(self.losses)
        return done < self.steps_per_epoch and not (done and done % BLOCK == 0 and not self.losses[-1].isfinite())

    def end_epoch(self, valid: Mapping[str, float] | None = None) -> Epoch:
        """Return what the epoch gave, and begin the next.

        Args:
            valid: Loss and metrics on validation, if they are known.
        """
        losses = torch.stack(self.losses).double()
        if self.epoch == 0:
            # Both: training noise such as dropout may cost a good model much, and one batch may be a lucky one.
            self.fresh_loss = max(abs(losses[0].item()), self.fresh_loss)
        self.epoch, self.losses = self.epoch + 1, []
        epoch = Epoch(
            number=self.epoch,
            step=self.step,
            seconds=self.seconds,
            lr=float(self.optimizer.param_groups[0]["lr"]),
            train_loss=losses.mean().item(),
            valid=self.judge("valid") if valid is None else valid,
        )
        self.scheduled.observe(epoch.valid["loss"])
        return epoch

    def update(self, x: Tensor, y: Tensor) -> Tensor:
        """Update the weights once, by one mini-batch; returns its loss before that."""
        self.scheduled.set(self.step / self.steps_per_epoch)
        self.optimizer.zero_grad()
        loss = self.loss(x, y)
        loss.backward()
        self.optimizer.step()
        if self.config.max_norm is not None:
            max_norm_(self.model, self.config.max_norm, self.optimizer)
        self.step += 1
        return loss.detach()

    def loss(self, x: Tensor, y: Tensor, *part: int) -> Tensor:
        """Return the loss of a mini-batch, under the noise of the next update (or of this part of it)."""
        with self.noise(*part):
            output = self.objective.output(self.model, x)
            if self.order.watches:
                self.order.saw(len(self.losses) * self._batch_size, sample_losses(self.problem.loss, output, y))
            return self.objective.loss(output, y, self.objective.share(self.config))

    @contextmanager
    def noise(self, *part: int) -> Iterator[None]:
        """Draw, inside, what this update (or this part of it) is to draw: a function of seed and step.

        Whether the model draws at all is found out at the first update: one that does not pays nothing.
        """
        key = self.noise_key(self.step, *part)
        self.seed(key)
        if self.draws is False:
            yield
            return
        with Noise(key) as noise:
            yield
        self.draws = noise.draws > 0

    def noise_key(self, step: int, *part: int) -> int:
        """Return the seed of all that the update after `step` updates draws."""
        return derive(self.config.seed, "noise", step, *part)

    def judge(self, split: str) -> dict[str, float]:
        """Return loss and metrics of the model, at theta, on one of the problem's splits."""
        with self.at_theta(), self.own_generators():
            self.seed(derive(self.config.seed, split, self.epoch))
            return self.problem.evaluate(self.model, self.splits[split])

    @contextmanager
    def at_theta(self) -> Iterator[None]:
        """Hold theta, not the interim point, in the model's parameters."""
        if self.holds_theta or not isinstance(self.optimizer, RuleOptimizer | Routed):
            yield
            return
        self.optimizer.eval()
        try:
            with self.holding_theta():
                yield
        finally:
            self.optimizer.train()

    @contextmanager
    def holding_theta(self) -> Iterator[None]:
        """Take the model's word for it, inside, that it holds theta."""
        before, self.holds_theta = self.holds_theta, True
        try:
            yield
        finally:
            self.holds_theta = before

    def settle(self) -> None:
        """Put theta in the model's parameters to stay: training is over."""
        if isinstance(self.optimizer, RuleOptimizer | Routed):
            self.optimizer.eval()
        self.holds_theta = True

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs: tensors, as they are now, and numbers.

        The weights are of the side that the model is on; hold theta meanwhile (`at_theta`).
        """
        return {
            "model": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "fresh_loss": self.fresh_loss,
            "draws": self.draws,
            "losses": torch.stack(self.losses) if self.losses else torch.empty(0),
            "scheduled": self.scheduled.values,
            "seen": self.scheduled.seen,
            "order": self.order.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave while theta was held.

        Raises:
            RuntimeError: The weights are of another model (torch's own error).
            ValueError: The optimizer's state does not fit.
        """
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if isinstance(self.optimizer, RuleOptimizer | Routed):
            self.optimizer.train()
        self.epoch, self.step, self.seconds = state["epoch"], state["step"], state["seconds"]
        self.fresh_loss, self.draws = state["fresh_loss"], state["draws"]
        self.scheduled.restore(state["scheduled"], state.get("seen", {}))
        self.losses = list(state["losses"].unbind())
        self.order.restore(state.get("order", {}))

    @property
    def _batch_size(self) -> int:
        assert self.config.batch_size
        return self.config.batch_size

    @property
    def full_batch(self) -> bool:
        """Whether the optimizer evaluates the whole training split, several times an update."""
        return is_full_batch(self.optimizer)

    def own_generators(self) -> AbstractContextManager[None]:
        """Give the caller's generators back afterwards."""
        return torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else [])

    def seed(self, seed: int) -> None:
        """Have torch's generators begin anew; within `own_generators` nobody else notices."""
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            with torch.cuda.device(self.device):
                torch.cuda.manual_seed(seed)
