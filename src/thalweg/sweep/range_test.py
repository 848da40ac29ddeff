"""Range test: one short run whose learning rate rises with every update, for a first idea of the rate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from thalweg.core.config import Config, Number
from thalweg.core.errors import InputError
from thalweg.data.batches import batches, order
from thalweg.optim import optimizers
from thalweg.optim.scheduled import place
from thalweg.problems import Problem, resolve
from thalweg.sweep.dimensions import Log
from thalweg.train import Learner
from thalweg.train.beforehand import probe_all
from thalweg.train.threads import choose

if TYPE_CHECKING:
    from rich.console import Console

LIMITS = (
    "One seed and one short run: another seed may move the suggestion by a factor of 2 or more.",
    "A rate is judged by what the rates before it left behind, for one update: what is best there need not be "
    "best for a whole training. `thalweg sweep` tries rates in whole runs and says how sure that is.",
)
"""What the test cannot know."""

WIDER = 10
"""The test spans the interval worth searching, and this factor beyond each end."""


@dataclass(frozen=True, kw_only=True)
class RangeTest:
    """What a learning-rate range test found.

    Attributes:
        problem: The problem's name.
        optimizer: Registry name.
        rates: The learning rates, ascending, evenly spaced in log lr.
        losses: The mini-batch loss of the weights that each rate produced.
        smoothed: `losses` without most of the noise; see `smooth`.
        fresh_loss: The mini-batch loss before the first update.
        diverged: Whether the loss left all bounds before the last rate, so that the test was cut there.
        suggestion: The rate at which the smoothed loss falls fastest over log lr; ``None`` if it never falls.
        limits: What the test cannot know.
    """

    problem: str
    optimizer: str
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    fresh_loss: float
    diverged: bool
    suggestion: float | None
    limits: tuple[str, ...] = LIMITS

    def __repr__(self) -> str:
        """The suggestion: all that it holds would fill a screen."""
        from thalweg.sweep.words import suggestion

        return suggestion(self)

    def show(self, console: Console | None = None) -> None:
        """Print the suggestion, the curve in a few lines, and the limits."""
        from thalweg.sweep.show import show_range_test

        show_range_test(self, console)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"format": 1, **asdict(self)}


def range_test(
    problem: Problem | str,
    optimizer: str = "adam",
    *,
    low: float | None = None,
    high: float | None = None,
    steps: int = 100,
    smoothing: float = 0.9,
    hyper: Mapping[str, Number] | None = None,
    base: Config | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> RangeTest:
    """Raise the learning rate from update to update, and suggest the one at which the loss falls fastest.

    Rate i of n is ``low (high / low)^(i / (n - 1))``. The loss that belongs to it is that of the weights after its
    update, on the next mini-batch: not the loss before, which earlier rates produced. The test is cut where the
    running mean of the losses is above the fresh loss by more than it ever was below it, and by as much again.
    The suggestion is the rate of the steepest descent of the smoothed loss over log lr, before its minimum.

    Nothing of the user's is changed: it trains a model of its own, and the random state stays as it was.

    Args:
        problem: What to train on, or its name in the catalog.
        optimizer: Registry name.
        low: The first rate, > 0; a tenth of the lower end of the optimizer's declared interval if left out.
        high: The last; ten times its upper end if left out.
        steps: Rates, one update each, >= 10.
        smoothing: beta of the running means, in [0, 1).
        hyper: Other hyper-parameters of the optimizer.
        base: What else is fixed, such as dropout or initial weights; its schedules and its sampling are left out.
        batch_size: Samples an update; the problem's if left out.
        seed: Of weights, data order and noise.
        threads: Torch threads; ``None`` measures how many pay.

    Raises:
        InputError: A range, count or setting that cannot be used, or a method that has no update a mini-batch.

    Example:
        >>> found = range_test("digits/logistic", "sgd", steps=50)
        >>> len(found.rates) == len(found.losses), found.suggestion > 1e-3
        (True, True)

    Reference:
        Smith 2017, Cyclical learning rates for training neural networks, section 3.3, for the test.
    """
    task = resolve(problem) if isinstance(problem, str) else problem
    entry = optimizers[optimizer]
    if getattr(entry.kind, "full_batch", False):
        raise InputError(
            f"{optimizer} takes all data for one update: there is no range test of it.",
            remedy="search its rate with `thalweg sweep`",
        )
    span = Log(entry.search[0] / WIDER if low is None else low, entry.search[1] * WIDER if high is None else high)
    if steps < 10 or not 0 <= smoothing < 1:
        raise InputError(
            "The range test cannot be done so.",
            got=f"steps={steps}, smoothing={smoothing:g}",
            expected="steps >= 10, smoothing in [0, 1)",
        )
    rates = [span.value(i / (steps - 1)) for i in range(steps)]
    config = (base or Config()).replace(
        optimizer=optimizer,
        hyper={**(hyper or {}), "lr": rates[0]},
        batch_size=batch_size,
        seed=seed,
        schedule="constant",
        schedule_options={},
        schedules={},
        sampling="shuffled",
    )
    probe_all(task, [config])
    with choose(task, threads), torch.random.fork_rng(devices=[]):
        fresh, losses = _losses(Learner(task, config), rates, smoothing)
    smoothed = smooth(losses, smoothing)
    return RangeTest(
        problem=task.name,
        optimizer=optimizer,
        rates=tuple(rates[: len(losses)]),
        losses=tuple(losses),
        smoothed=tuple(smoothed),
        fresh_loss=fresh,
        diverged=len(losses) < steps,
        suggestion=steepest(rates[: len(losses)], smoothed, skip=round(1 / (1 - smoothing))),
    )


def smooth(losses: Sequence[float], beta: float) -> list[float]:
    """Return running means in both directions, ``m <- beta m + (1 - beta) loss``, corrected for their start at 0.

    A running mean lags behind by ``beta / (1 - beta)`` updates; one forward and one backward lag both ways, and
    do not move the curve. Step t of each is divided by ``1 - beta^t``.

    Example:
        >>> smooth([1.0, 1.0, 1.0], 0.9)
        [1.0, 1.0, 1.0]
    """
    forward = list(_running(losses, beta))
    return list(_running(forward[::-1], beta))[::-1]


def steepest(rates: Sequence[float], losses: Sequence[float], *, skip: int = 0) -> float | None:
    """Return the rate at which the loss falls fastest over log lr, before its minimum; ``None`` if nowhere.

    The first `skip` rates are not suggested: there a running mean is of few values, and falls by chance.

    Example:
        >>> round(steepest([0.001, 0.01, 0.1, 1.0, 10.0], [3.0, 2.9, 2.0, 1.1, 4.0]), 3)
        0.1
    """
    end = int(np.argmin(losses)) + 1 if len(losses) else 0
    if end - skip < 3:
        return None
    slope = np.gradient(np.asarray(losses), np.log(rates))
    at = skip + int(np.argmin(slope[skip:end]))
    return float(rates[at]) if slope[at] < 0 else None


def _running(values: Sequence[float], beta: float) -> Iterator[float]:
    mean = 0.0
    for t, value in enumerate(values, 1):
        mean = beta * mean + (1 - beta) * value
        yield mean / (1 - beta**t)


def _losses(learner: Learner, rates: Sequence[float], beta: float) -> tuple[float, list[float]]:
    """Return the fresh loss, and the losses after an update by each rate, up to where they leave all bounds."""
    held, stream = place(learner.optimizer, "lr"), _stream(learner)
    x, y = next(stream)
    learner.model.train()
    losses: list[float] = []
    fresh = lowest = math.nan
    mean = 0.0
    for i, rate in enumerate(rates):
        for group in learner.optimizer.param_groups:
            if held.is_in(group):
                held.write(group, rate)
        before = learner.update(x, y).item()  # of the weights that the rate before this one produced
        x, y = next(stream)
        if i == 0:
            fresh = lowest = before
        else:
            losses.append(before)
            mean = beta * mean + (1 - beta) * before
            running = mean / (1 - beta**i)
            lowest = min(lowest, running)
            if not running <= fresh + max(fresh - lowest, abs(fresh)):
                return fresh, losses[:-1]
    with torch.no_grad():
        last = learner.loss(x, y).item()
    return fresh, [*losses, last] if math.isfinite(last) else losses


def _stream(learner: Learner) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield mini-batches, epoch after epoch."""
    split, size = learner.splits["train"], learner.config.batch_size
    assert size
    for epoch in count():
        yield from batches(split, size, order(len(split), seed=learner.config.seed, epoch=epoch))
