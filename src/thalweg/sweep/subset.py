"""Subset: a smaller training split as a first fidelity, the same samples for every setting."""

from __future__ import annotations

import torch

from thalweg.core.errors import InputError
from thalweg.data.splits import holdout
from thalweg.problems import Problem
from thalweg.problems.labels import are_labels


def subset(problem: Problem, fraction: float, seed: int) -> Problem:
    """Return the problem with a part of its training split; validation stays whole.

    An epoch is a pass over the part, so that it costs the part, and takes as many updates less. Where targets are
    labels, each class keeps its share to within one sample.

    Args:
        problem: The whole problem.
        fraction: The part of the training split, in (0, 1).
        seed: Which samples.

    Raises:
        InputError: A fraction outside (0, 1).

    Example:
        >>> from thalweg.problems import load
        >>> small = subset(load("digits/mlp-1"), 1 / 4, seed=0)
        >>> len(small.train), len(small.valid)
        (300, 240)
    """
    if not 0 < fraction < 1:
        raise InputError("The subset is no part of the data.", got=fraction, expected="a fraction in (0, 1)")
    labels = problem.train.labels
    strata = labels.cpu() if are_labels(labels) and labels is not None else None
    _, part = holdout(len(problem.train), fraction, seed, labels=strata)
    return Problem(**{**vars(problem), "train": problem.train.select(torch.from_numpy(part))})
