"""Apart: an examination leaves no trace on what the user has: it works on copies, with generators of its own."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from thalweg.check.setup import Setup
from thalweg.problems.made import made


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give generators and gradient mode back afterwards; warnings of the user's code are not repeated.

    The generators are torch's, NumPy's and Python's own, which data sets and augmentations draw from.

    Example:
        >>> random.seed(0)
        >>> with undisturbed():
        ...     _ = random.random()
        >>> random.random() == random.Random(0).random()
        True
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  (the user's own generator)
    gpus = range(torch.cuda.device_count())
    try:
        with torch.random.fork_rng(devices=gpus), torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def copied(setup: Setup) -> Setup:
    """Return the set-up with a loss of its own, and models that share no tensor with the user's or each other.

    Raises:
        ModelError: The model factory fails.
        InputTypeError: It returns no model.
    """
    problem = setup.problem
    first, second = (made(problem.model, problem.name) for _ in range(2))
    changes: dict[str, object] = {}
    if not _tensors(first).isdisjoint(_tensors(second)):
        changes["model"] = partial(_copy, problem.model)
    if isinstance(problem.loss, nn.Module):
        changes["loss"] = deepcopy(problem.loss)
    return setup.with_problem(**changes) if changes else setup


def _copy(factory: Callable[[], nn.Module]) -> nn.Module:
    return deepcopy(factory())


def _tensors(model: nn.Module) -> set[int]:
    """The tensors of a model, and the model itself, by what tells objects apart while all of them are alive."""
    held: list[Tensor] = [*model.parameters(), *model.buffers()]
    return {id(model), *map(id, held)}
