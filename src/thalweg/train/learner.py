"""Learner: what one run is made of (model, optimizer, schedule, data order), and how an epoch is trained."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.core.config import Config
from thalweg.core.errors import InputTypeError
from thalweg.core.run import Epoch
from thalweg.core.seeding import derive
from thalweg.data.batches import batches, order
from thalweg.optim import RuleOptimizer, build
from thalweg.problems import Problem
from thalweg.schedules import bind

OptimizerFactory = Callable[[list[nn.Parameter]], Optimizer]

BLOCK = 64
"""Updates between two looks at the loss: often enough to stop a diverged run early, too seldom to cost."""

DIVERGED_ABOVE = 10.0
"""A run whose mean loss over an epoch is this many times the fresh model's on validation has diverged."""


class Learner:
    """A model with its optimizer on a problem, ready to train epoch by epoch.

    Weights, data order and noise come from the Config's seed alone; the global random state of the caller is
    left as it was.

    Args:
        problem: What to train on.
        config: The setting; epochs and batch size left open are the problem's.
        optimizer: A factory that replaces the Config's optimizer, for one that is not in the registry;
            the schedule then multiplies the ``lr`` of each of its groups.
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
        self.problem = problem
        self.config = config.replace(
            epochs=config.epochs or problem.epochs, batch_size=config.batch_size or problem.batch_size
        )
        self.factor = bind(config.schedule, config.schedule_options)
        self.device = torch.device(device)
        self.splits = {name: split.to(self.device) for name, split in problem.splits.items()}
        with _seeded(derive(config.seed, "weights"), self.device):
            self.model = problem.model().to(self.device)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = _optimizer(config, parameters, optimizer)
        self.rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.epoch = self.step = 0
        self.seconds = 0.0
        self.fresh_loss = math.nan
        self._holds_theta = False

    @property
    def epochs(self) -> int:
        """Epochs to train in all."""
        assert self.config.epochs
        return self.config.epochs

    @property
    def steps_per_epoch(self) -> int:
        """Updates an epoch; the last batch may be smaller."""
        assert self.config.batch_size
        return math.ceil(len(self.splits["train"]) / self.config.batch_size)

    def train_epoch(self) -> Epoch:
        """Train one pass over the training split, judge the model on validation, and return both.

        A loss that is not finite ends the pass at the end of its block of updates.
        """
        if math.isnan(self.fresh_loss):
            self.fresh_loss = self.judge("valid")["loss"]
        started = time.perf_counter()
        with _seeded(derive(self.config.seed, "noise", self.epoch), self.device):
            mean_loss = self._pass()
        self.seconds += time.perf_counter() - started
        self.epoch += 1
        return Epoch(
            number=self.epoch,
            step=self.step,
            seconds=self.seconds,
            lr=float(self.optimizer.param_groups[0]["lr"]),
            train_loss=mean_loss,
            valid=self.judge("valid"),
        )

    def judge(self, split: str) -> dict[str, float]:
        """Return loss and metrics of the model, at theta, on one of the problem's splits."""
        with self.at_theta(), _seeded(derive(self.config.seed, split, self.epoch), self.device):
            return self.problem.evaluate(self.model, self.splits[split])

    def divergence(self, epoch: Epoch) -> str:
        """Say what has left all bounds in this epoch, the last; empty if nothing has."""
        if not -math.inf < epoch.train_loss <= DIVERGED_ABOVE * abs(self.fresh_loss):
            losses = f"{epoch.train_loss:.3g}, of the fresh model {self.fresh_loss:.3g}"
            return f"the mean loss of epoch {epoch.number} was {losses}"
        if not all(p.isfinite().all() for p in self.model.parameters()):
            return f"weights were not finite after epoch {epoch.number}"
        return ""

    @contextmanager
    def at_theta(self) -> Iterator[None]:
        """Hold theta, not the interim point, in the model's parameters."""
        if self._holds_theta or not isinstance(self.optimizer, RuleOptimizer):
            yield
            return
        self.optimizer.eval()
        try:
            yield
        finally:
            self.optimizer.train()

    def settle(self) -> None:
        """Put theta in the model's parameters to stay: training is over."""
        if isinstance(self.optimizer, RuleOptimizer):
            self.optimizer.eval()
        self._holds_theta = True

    def _pass(self) -> float:
        """One pass of updates; returns the mean of the mini-batch losses."""
        assert self.config.batch_size
        model, loss_function, optimizer = self.model, self.problem.loss, self.optimizer
        model.train()
        split = self.splits["train"]
        shuffled = order(len(split), seed=self.config.seed, epoch=self.epoch).to(self.device)
        losses: list[Tensor] = []
        for x, y in batches(split, self.config.batch_size, shuffled):
            self._set_rate()
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            self.step += 1
            if len(losses) % BLOCK == 0 and not math.isfinite(losses[-1]):
                break
        return torch.stack(losses).double().mean().item()

    def _set_rate(self) -> None:
        factor = self.factor(self.step / self.steps_per_epoch)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor


def _optimizer(config: Config, parameters: list[nn.Parameter], factory: OptimizerFactory | None) -> Optimizer:
    if factory is None:
        return build(config.optimizer, parameters, config.hyper)
    if isinstance(factory, Optimizer) or not callable(factory):
        raise InputTypeError(
            "The optimizer has to be a factory: each run has fresh weights.",
            got=f"an object of type {type(factory).__name__}",
            expected="a function that takes the list of parameters and returns an optimizer",
            remedy="pass optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.001)",
        )
    return factory(parameters)


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw from this seed inside, and give the caller's generators back afterwards."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)
        if devices:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
