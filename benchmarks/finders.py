"""The learning-rate finders in wide use, by their formulas: one run with a rising rate, and what they read off."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch

from thalweg.core.config import Config
from thalweg.data.batches import batches, order
from thalweg.problems import Problem
from thalweg.train import Learner

BETA = 0.98
"""Both smooth the loss by a running mean that weighs the past so, corrected for its start at 0."""

TIMES_BEST = 4
"""Both stop where the smoothed loss is more than this many times its best."""


@dataclass(frozen=True)
class Record:
    """The rates of a mock training, and the smoothed loss of each mini-batch before its update."""

    rates: np.ndarray
    losses: np.ndarray


def mock(problem: Problem, optimizer: str, low: float, high: float, *, seed: int = 0, steps: int = 100) -> Record:
    """Train with a rate that rises exponentially from `low` to `high`, as the finders do.

    The loss that is written down beside a rate is that of the weights before the rate was used: off by one.
    """
    learner = Learner(problem, Config(optimizer=optimizer, hyper={"lr": low}, seed=seed))
    learner.model.train()
    rates, losses = list[float](), list[float]()
    mean, best = 0.0, math.inf
    with torch.random.fork_rng(devices=[]):
        for step, (x, y) in zip(range(steps), _stream(learner), strict=False):
            rates.append(low * (high / low) ** (step / steps))
            for group in learner.optimizer.param_groups:
                group["lr"] = rates[-1]
            mean = BETA * mean + (1 - BETA) * learner.update(x, y).item()
            losses.append(mean / (1 - BETA ** (step + 1)))
            best = min(best, losses[-1])
            if not losses[-1] <= TIMES_BEST * best:
                break
    return Record(np.array(rates), np.array(losses))


def lightning(problem: Problem, optimizer: str) -> float | None:
    """PyTorch Lightning's `lr_find`: least d loss / d lr, over lr itself, without the first 10 and the last."""
    record = _finite(mock(problem, optimizer, 1e-8, 1.0), 10, 1)
    if len(record.rates) < 2:
        return None
    return float(record.rates[np.argmin(np.gradient(record.losses, record.rates))])


def valley(problem: Problem, optimizer: str) -> float | None:
    """fastai's default: in the middle of the longest falling subsequence of the losses."""
    record = _fastai(problem, optimizer)
    length = [1] * len(record.losses)
    for i, loss in enumerate(record.losses):
        length[i] += max((length[j] for j in range(i) if loss < record.losses[j]), default=0)
    if not length:
        return None
    longest = max(length)
    end = length.index(longest)
    return float(record.rates[end - longest + longest // 3 + longest // 6]) if longest > 1 else None


def steep(problem: Problem, optimizer: str) -> float | None:
    """fastai's ``steep``: the greatest fall from one rate to the next over log lr."""
    record = _fastai(problem, optimizer)
    if len(record.rates) < 2:
        return None
    return float(record.rates[np.argmin(np.diff(record.losses) / np.diff(np.log(record.rates)))])


def minimum(problem: Problem, optimizer: str) -> float | None:
    """fastai's ``minimum``: a tenth of the rate with the least loss."""
    record = _fastai(problem, optimizer)
    return float(record.rates[np.argmin(record.losses)]) / 10 if len(record.rates) else None


FINDERS = {"lightning": lightning, "fastai valley": valley, "fastai steep": steep, "fastai minimum": minimum}


def _fastai(problem: Problem, optimizer: str) -> Record:
    """fastai's record: without the first tenth and the last 5 of 100 rates from 1e-7 to 10."""
    return _finite(mock(problem, optimizer, 1e-7, 10.0), 10, 5)


def _finite(record: Record, first: int, last: int) -> Record:
    rates, losses = record.rates[first:-last], record.losses[first:-last]
    kept = np.isfinite(losses)
    return Record(rates[kept], losses[kept])


def _stream(learner: Learner) -> Iterator[Sequence[torch.Tensor]]:
    split, size = learner.splits["train"], learner.config.batch_size
    assert size
    for epoch in count():
        yield from batches(split, size, order(len(split), seed=learner.config.seed, epoch=epoch))
