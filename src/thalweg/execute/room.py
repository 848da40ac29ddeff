"""Room: how many members of a cohort fit in memory, by what one of them needs."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from thalweg.core.config import Config
from thalweg.problems import Problem
from thalweg.train import Learner

SHARE = 0.7
"""Of the free memory, what a cohort may take."""

COPIES = 7
"""Of the parameters: weights, gradient, two states, the best weights, and what an update, a new stack or the log
needs for a moment."""

LITTLE = 2**26
"""Bytes for which the system is not asked: that takes longer than to judge a small model."""

_needs: WeakKeyDictionary[Problem, tuple[int, float]] = WeakKeyDictionary()


def members_that_fit(learner: Learner, wanted: int, *, samples: int | None = None) -> int:
    """Return how many members to train, or to judge, at a time: `wanted`, halved until they fit.

    Args:
        learner: One of them.
        wanted: How many there are, >= 1.
        samples: Samples that each is judged on at a time; ``None`` if they are trained.

    Example:
        >>> from thalweg.core.config import Config
        >>> from thalweg.problems import load
        >>> members_that_fit(Learner(load("digits/logistic"), Config()), 8)
        8
    """
    weights, activations = needs(learner.problem)
    if samples is None:
        each = COPIES * weights + 2 * activations * learner.length.batch_size
    else:
        each = activations * min(samples, len(learner.problem.train))
    free = free_bytes(learner.device) if wanted * each > LITTLE else None
    while wanted > 1 and free is not None and wanted * each > SHARE * free:
        wanted = (wanted + 1) // 2
    return wanted


def needs(problem: Problem) -> tuple[int, float]:
    """Return the bytes of a model's parameters, and those that autograd keeps of each sample."""
    if problem not in _needs:
        learner = Learner(problem, Config(optimizer="sgd"))
        kept: dict[int, int] = {}

        def pack(saved: Tensor) -> Tensor:
            kept[saved.data_ptr()] = saved.nbytes
            return saved

        index = learner.upcoming()[: problem.batch_size]
        with learner.own_generators(), torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
            learner.loss(*problem.train.take(index))
        weights = sum(p.nbytes for p in learner.model.parameters())
        _needs[problem] = weights, sum(kept.values()) / len(index)
    return _needs[problem]


def free_bytes(device: torch.device) -> int | None:
    """Return the memory that is free on a device; None if the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable")]
    return int(found[0]) * 1024 if found else None
