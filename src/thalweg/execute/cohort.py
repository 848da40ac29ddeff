"""Cohort: many Configs of one model trained at once, by one batched forward and backward pass an update."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.core.run import Epoch
from thalweg.data.batches import batches
from thalweg.execute import room
from thalweg.execute.passes import Passes
from thalweg.execute.stacks import Stacks
from thalweg.execute.updates import Updates, in_order
from thalweg.problems import Problem
from thalweg.train import Learner
from thalweg.train.objective import Objective

EVALUATED = 1024
"""Samples at a time that each member is judged on, as `Problem.evaluate` takes them."""


class Cohort:
    """Learners of one problem and one batch size, trained in step with each other.

    What each of them gets is what it would get alone, up to rounding: its own weights, order of samples, noise,
    rule and schedules. A member is a `Learner` all the while: its model and optimizer hold what was trained.

    Args:
        learners: At least one; all at the same update.

    Raises:
        InputError: They are not at the same update, or on the same data, or one samples by its last losses.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> problem = load("digits/logistic")
        >>> rates = [0.02, 0.05, 0.1]
        >>> cohort = Cohort([Learner(problem, Config(hyper={"lr": lr})) for lr in rates])
        >>> [epoch.valid["accuracy"] > 0.7 for epoch in cohort.train_epoch()]
        [True, True, True]
    """

    def __init__(self, learners: Sequence[Learner]) -> None:
        if len({(learner.step, learner.epoch, learner.steps_per_epoch) for learner in learners}) > 1:
            raise InputError("The members of a cohort are not at the same update.")
        if len({id(learner.problem) for learner in learners}) > 1:
            raise InputError("The members of a cohort do not see the same data, prepared in the same way.")
        if any(learner.order.watches for learner in learners):
            raise InputError("A member of a cohort samples by its last losses, which a cohort does not keep.")
        self.learners = in_order(learners)
        self.problem: Problem = learners[0].problem
        self.splits = learners[0].splits
        self.device = learners[0].device
        self._stack()

    def train_epoch(self) -> list[Epoch]:
        """Train what is left of an epoch, and return what it gave, for members whose losses stay finite."""
        while self.train_block():
            pass
        return self.end_epoch()

    def train_block(self) -> bool:
        """Train the next block of updates of every member; says whether the epoch goes on for those still sound.

        Raises:
            Exception: What the model or loss raised; every member is then where its last whole update left it.
        """
        if not any(learner.goes_on for learner in self.learners):
            return False
        if self.learners[0].step == 0:
            for learner, judged in zip(self.learners, self.judge("valid"), strict=True):
                learner.fresh_loss = abs(judged["loss"])
        started, losses = time.perf_counter(), list[Tensor]()
        self.learners[0].model.train()
        try:
            with self.learners[0].own_generators():
                for x, y, shared in self.upcoming():
                    losses.append(self.update(x, y, shared=shared, done=len(losses)))
        finally:
            self._hand_out(losses, time.perf_counter() - started)
        return any(learner.goes_on for learner in self.learners)

    def end_epoch(self) -> list[Epoch]:
        """Return what the epoch gave to each member, and begin the next."""
        judged = self.judge("valid")
        return [learner.end_epoch(valid) for learner, valid in zip(self.learners, judged, strict=True)]

    def judge(self, split: str) -> list[dict[str, float]]:
        """Return loss and metrics of every member, at theta, on one of the problem's splits."""
        samples, totals = self.splits[split], dict[str, Tensor]()
        at_once = room.members_that_fit(self.learners[0], len(self.learners), samples=EVALUATED)
        with self.holding_theta(), self.evaluating(), self.learners[0].own_generators():
            self.learners[0].seed(self.learners[0].config.seed)
            for x, y in batches(samples, EVALUATED, torch.arange(len(samples))):
                found = self.passes.measures(x, y, at_once=at_once)
                totals = {name: totals.get(name, 0) + value * len(x) for name, value in found.items()}
        columns = {name: (total / len(samples)).tolist() for name, total in totals.items()}
        return [{name: column[k] for name, column in columns.items()} for k in range(len(self.learners))]

    @contextmanager
    def holding_theta(self) -> Iterator[None]:
        """Hold theta, not the interim point, in the models of all members inside."""
        with ExitStack() as held:
            if not self.learners[0].holds_theta:
                held.enter_context(self.updates.showing())
                for learner in self.learners:
                    held.enter_context(learner.holding_theta())
            yield

    def leave(self) -> None:
        """Bring the members' optimizers up to date, for others to read; the next update joins them anew."""
        self.updates.leave()

    def retain(self, members: Sequence[int]) -> None:
        """Go on with these members only; the others get memory of their own."""
        if list(members) == list(range(len(self.learners))):
            return
        self.leave()
        for k in set(range(len(self.learners))) - set(members):
            self.stacks.part_from(k)
            self.updates.part_from(k)
        self.learners = [self.learners[k] for k in members]
        if self.learners:
            self._stack(nested=self.passes.nested)

    def _stack(self, *, nested: bool = False) -> None:
        self.stacks = Stacks([learner.model for learner in self.learners])
        self.updates = Updates(self.learners, self.stacks)
        configs = [learner.config for learner in self.learners]
        objective = Objective.of(self.problem, configs)
        self.passes = Passes(objective, objective.shares(configs), self.stacks, self.learners[0].draws, nested)

    def upcoming(self) -> Iterator[tuple[Tensor, Tensor, bool]]:
        """Yield the next batches, and whether all members share them; if not, with a leading axis of members."""
        split, size = self.splits["train"], self.learners[0].length.batch_size
        first = {learner.order.key: learner for learner in self.learners}
        orders = {key: learner.upcoming() for key, learner in first.items()}
        if len(orders) == 1:
            yield from ((x, y, True) for x, y in batches(split, size, *orders.values()))
            return
        for index in torch.stack([orders[learner.order.key] for learner in self.learners]).split(size, dim=1):
            x, y = split.take(index.flatten())
            yield x.unflatten(0, index.shape), y.unflatten(0, index.shape), False

    def update(self, x: Tensor, y: Tensor, *, shared: bool, done: int = 0) -> Tensor:
        """Update every member once; returns their losses before that.

        Args:
            x: Inputs of a mini-batch, with a leading axis of members unless it is shared.
            y: Targets.
            shared: Whether all members see the same samples.
            done: Updates done since the last that the members know of.
        """
        step = self.learners[0].step + done
        self.updates.prepare(step / self.learners[0].steps_per_epoch)
        losses, gradients = self.gradients(x, y, shared=shared, step=step)
        self.updates.step(gradients)
        return losses

    def gradients(self, x: Tensor, y: Tensor, *, shared: bool, step: int) -> tuple[Tensor, list[Tensor | None]]:
        """Return the loss of every member and its gradients, under the noise of the update after `step` updates.

        Args:
            x: Inputs of a mini-batch, with a leading axis of members unless it is shared.
            y: Targets.
            shared: Whether all members see the same samples.
            step: Updates done.
        """
        found = self.passes.gradients(x, y, partial(self._noise, step), shared=shared)
        for learner in self.learners:
            learner.draws = self.passes.draws
        return found

    def _noise(self, step: int) -> Tensor:
        """Return what each member's noise is drawn from after `step` updates, int64 ``(members,)``."""
        drawing = self.learners[:1] if self.passes.draws is False else self.learners
        keys = [learner.noise_key(step) for learner in drawing]
        self.learners[0].seed(keys[0])  # what does not draw from these keys at least begins the same every time
        return torch.tensor(keys)

    def _hand_out(self, losses: Sequence[Tensor], seconds: float) -> None:
        """Give every member its losses, its place and its share of the time."""
        for learner in self.learners:
            learner.step += len(losses)
            learner.seconds += seconds / len(self.learners)
        if losses:
            for learner, own in zip(self.learners, torch.stack(list(losses), 1), strict=True):
                learner.losses += own.unbind()

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Have the model that stands for all in evaluation mode inside."""
        model = self.learners[0].model
        modes = {module: module.training for module in model.modules()}
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes.items():
                module.training = mode
