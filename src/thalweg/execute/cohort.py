"""Cohort: many Configs of one model trained at once, by one batched forward and backward pass an update."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from thalweg.core.errors import InputError
from thalweg.core.run import Epoch
from thalweg.data.batches import batches
from thalweg.execute.stacks import Stacks
from thalweg.execute.updates import Updates, in_order
from thalweg.problems import Problem
from thalweg.train import Learner
from thalweg.train.noise import Noise

EVALUATED = 1024
"""Samples at a time that each member is judged on, as `Problem.evaluate` takes them."""


class Cohort:
    """Learners of one problem and one batch size, trained in step with each other.

    What each of them gets is what it would get alone, up to rounding: its own weights, order of samples, noise,
    rule and schedules. A member is a `Learner` all the while: its model and optimizer hold what was trained.

    Args:
        learners: At least one; all at the same update.

    Raises:
        InputError: They are not at the same update.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> problem = load("digits/logistic")
        >>> rates = [0.001, 0.01, 0.1]
        >>> cohort = Cohort([Learner(problem, Config(hyper={"lr": lr})) for lr in rates])
        >>> [epoch.valid["accuracy"] > 0.7 for epoch in cohort.train_epoch()]
        [True, True, True]
    """

    def __init__(self, learners: Sequence[Learner]) -> None:
        if len({(learner.step, learner.epoch, learner.steps_per_epoch) for learner in learners}) > 1:
            raise InputError("The members of a cohort are not at the same update.")
        self.learners = in_order(learners)
        self.problem: Problem = learners[0].problem
        self.splits = learners[0].splits
        self.device = learners[0].device
        self.draws = learners[0].draws
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
        if self.learners[0].step == 0:
            for learner, judged in zip(self.learners, self.judge("valid"), strict=True):
                learner.fresh_loss = abs(judged["loss"])
        started, losses = time.perf_counter(), list[Tensor]()
        self.learners[0].model.train()
        try:
            with self.learners[0].own_generators():
                for x, y, shared in self._upcoming():
                    losses.append(self._update(x, y, shared, len(losses)))
        finally:
            self._hand_out(losses, time.perf_counter() - started)
        return any(learner.goes_on for learner in self.learners)

    def end_epoch(self) -> list[Epoch]:
        """Return what the epoch gave to each member, and begin the next."""
        judged = self.judge("valid")
        return [learner.end_epoch(valid) for learner, valid in zip(self.learners, judged, strict=True)]

    def judge(self, split: str) -> list[dict[str, float]]:
        """Return loss and metrics of every member, at theta, on one of the problem's splits."""
        measures = {"loss": self.problem.loss} | {m.name: m.function for m in self.problem.metrics}
        samples = self.splits[split]

        def measured(parameters: Any, buffers: Any, x: Tensor, y: Tensor) -> dict[str, Tensor]:
            output = functional_call(self.learners[0].model, (parameters, buffers), (x,))
            return {name: measure(output, y).double() for name, measure in measures.items()}

        totals: dict[str, Tensor] = {}
        with self.holding_theta(), self._evaluating(), self.learners[0].own_generators(), torch.no_grad():
            self.learners[0].seed(self.learners[0].config.seed)
            for x, y in batches(samples, EVALUATED, torch.arange(len(samples))):
                found = vmap(measured, in_dims=(0, 0, None, None), randomness="different")(
                    self.stacks.parameters, self.stacks.buffers, x, y
                )
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

    def sync(self) -> None:
        """Bring the members' optimizers up to date, before anybody else looks at them."""
        self.updates.sync()

    def retain(self, members: Sequence[int]) -> None:
        """Go on with these members only; the others get memory of their own."""
        self.sync()
        for k in set(range(len(self.learners))) - set(members):
            self.stacks.part_from(k)
            self.updates.part_from(k)
        self.learners = [self.learners[k] for k in members]
        if self.learners:
            self._stack()

    def _stack(self) -> None:
        self.stacks = Stacks([learner.model for learner in self.learners])
        self.updates = Updates(self.learners, self.stacks)

    def _upcoming(self) -> Iterator[tuple[Tensor, Tensor, bool]]:
        """Yield the next batches, and whether all members share them; if not, with a leading axis of members."""
        split, size = self.splits["train"], self.learners[0].config.batch_size
        assert size
        orders = {learner.config.seed: learner.upcoming() for learner in self.learners}
        if len(orders) == 1:
            yield from ((x, y, True) for x, y in batches(split, size, *orders.values()))
            return
        for index in torch.stack([orders[learner.config.seed] for learner in self.learners]).split(size, dim=1):
            x, y = split.take(index.flatten())
            yield x.unflatten(0, index.shape), y.unflatten(0, index.shape), False

    def _update(self, x: Tensor, y: Tensor, shared: bool, done: int) -> Tensor:
        """Update every member once; returns their losses before that."""
        step = self.learners[0].step + done
        self.updates.prepare(step / self.learners[0].steps_per_epoch)
        keys = [learner.noise_key(step) for learner in self.learners]
        self.learners[0].seed(keys[0])  # what does not draw from these keys at least begins the same every time
        wanted = [stack for stack in self.stacks.parameters.values() if stack.requires_grad]
        losses = self._losses(x, y, shared, None if self.draws is False else torch.tensor(keys))
        gradients = torch.autograd.grad(losses.sum(), wanted, allow_unused=True)
        self.updates.step(gradients)
        return losses.detach()

    def _losses(self, x: Tensor, y: Tensor, shared: bool, keys: Tensor | None) -> Tensor:
        model, loss, drawn = self.learners[0].model, self.problem.loss, [0]

        def forward(parameters: Any, buffers: Any, x: Tensor, y: Tensor, key: Tensor | None) -> Tensor:
            with nullcontext() if key is None else Noise(key) as noise:
                found = loss(functional_call(model, (parameters, buffers), (x,)), y)
            drawn[0] = noise.draws if noise else 0
            return found

        data = None if shared else 0
        batched = vmap(forward, in_dims=(0, 0, data, data, None if keys is None else 0), randomness="different")
        losses = batched(self.stacks.parameters, self.stacks.buffers, x, y, keys)
        if self.draws is None:
            self.draws = drawn[0] > 0
            for learner in self.learners:
                learner.draws = self.draws
        return losses

    def _hand_out(self, losses: Sequence[Tensor], seconds: float) -> None:
        """Give every member its losses, its place and its share of the time."""
        for k, learner in enumerate(self.learners):
            learner.step += len(losses)
            learner.seconds += seconds / len(self.learners)
        if losses:
            for learner, own in zip(self.learners, torch.stack(list(losses), 1), strict=True):
                learner.losses += own.unbind()

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        model = self.learners[0].model
        modes = {module: module.training for module in model.modules()}
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes.items():
                module.training = mode
