"""How many torch threads pay: small models train on one, because waking a second costs more than it gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.data.batches import batches, order
from thalweg.problems import Problem
from thalweg.train.learner import Learner

GAIN = 1.2
"""More threads are taken only if they are at least this much faster: on a busy machine they can be far slower."""


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Use `count` torch threads inside.

    Raises:
        InputError: A count below 1.
    """
    if count < 1:
        raise InputError("The number of threads is not positive.", got=count, expected="an integer >= 1")
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def choose(problem: Problem, count: int | None) -> Iterator[str]:
    """Use `count` torch threads inside, or as many as pay if it is ``None``; yields a sentence that says so."""
    most = torch.get_num_threads()
    chosen = measure(problem) if count is None else count
    with threads(chosen):
        said = f"trained on {chosen} torch thread{'s' if chosen > 1 else ''}"
        if count is not None or most == 1:
            yield said
        elif chosen == 1:
            yield f"{said}: {most} were not {GAIN:g} times as fast (measured; --threads sets it)"
        else:
            yield f"{said}: clearly faster than 1 (measured; --threads sets it)"


def measure(problem: Problem, *, seconds: float = 0.3) -> int:
    """Return the number of threads to train `problem` with: 1, or all of torch's if they are clearly faster.

    It times the same updates of a throw-away model with both, for about `seconds` each, and leaves the global
    random state as it was.
    """
    most = torch.get_num_threads()
    if most == 1:
        return 1
    with torch.random.fork_rng(devices=[]):
        return most if _updates(problem, most, seconds) > GAIN * _updates(problem, 1, seconds) else 1


def _updates(problem: Problem, count: int, seconds: float) -> int:
    learner = Learner(problem, Config(optimizer="sgd", hyper={"lr": 0.0}))  # the cost is the same, none diverges
    split = learner.splits["train"]
    x, y = next(batches(split, problem.batch_size, order(len(split), seed=0, epoch=0)))
    done = 0
    with threads(count):
        learner.update(x, y)  # the first allocates
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            learner.update(x, y)
            done += 1
    return done
