"""Made: a set-up from its parts, and the measures that judge it in units of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from thalweg.check.setup import Setup, TrainStep
from thalweg.core.config import Config
from thalweg.data.accept import Accepted
from thalweg.problems import Metric, Problem
from thalweg.train.factory import OptimizerFactory

Pair = tuple[Tensor, Tensor]


class Parts(NamedTuple):
    """The splits of a data set."""

    train: Pair
    valid: Pair
    test: Pair


def made(
    parts: Sequence[Accepted],
    model: Callable[[], nn.Module],
    loss: Callable[[Tensor, Tensor], Tensor],
    optimizer: str | Config | OptimizerFactory,
    *,
    epochs: int,
    batch_size: int = 32,
    metric: Metric | None = None,
    objective: str | None = None,
    clean: Accepted | None = None,
    train_step: TrainStep | None = None,
    shuffle: bool = True,
) -> Setup:
    """Return the set-up; the first two of `parts` train and validate, and only `clean` data are its test split."""
    problem = Problem(
        name="mine",
        model=model,
        loss=loss,
        train=parts[0],
        valid=parts[1],
        test=clean,
        metrics=None if metric is None else [metric],
        objective=objective,
        batch_size=batch_size,
        epochs=epochs,
    )
    return Setup.of(problem, optimizer, train_step=train_step, shuffle=shuffle)


def absolute_error(unit: float = 1.0) -> Metric:
    """Return the mean absolute error, sample by sample whatever the shapes; a target's 1 is worth `unit`."""

    def error(output: Tensor, target: Tensor) -> Tensor:
        return unit * (output.flatten() - target.flatten()).abs().double().mean()

    return Metric("mae", error, higher_is_better=False)


def balanced_accuracy(output: Tensor, target: Tensor) -> Tensor:
    """Return the mean over the classes of the share of each that is told right."""
    right = (output.argmax(1) == target).double()
    return torch.stack([right[target == label].mean() for label in target.unique()]).mean()


def share_right(told: Callable[[Tensor], Tensor]) -> Metric:
    """Return the accuracy of the labels that `told` reads off the outputs."""

    def accuracy(output: Tensor, target: Tensor) -> Tensor:
        return (told(output).flatten() == target.flatten()).double().mean()

    return Metric("accuracy", accuracy)
