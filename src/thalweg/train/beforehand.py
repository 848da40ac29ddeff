"""Beforehand: settings of many runs to come are tried before the first of them, so that no slip loses any."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from thalweg.core.config import Config
from thalweg.core.errors import ModelError
from thalweg.optim import optimizers
from thalweg.optim.foreign import Foreign
from thalweg.problems import Problem
from thalweg.problems.probe import probe
from thalweg.train.learner import Learner
from thalweg.train.prepared import prepared


def check_settings(problem: Problem, configs: Iterable[Config]) -> None:
    """Check that these settings suit a problem's model, loss and data: once each combination that could differ.

    Args:
        problem: What is to be trained.
        configs: The settings, each with a registered optimizer.

    Raises:
        InputError: A setting that cannot be used.

    Example:
        >>> from thalweg.problems import load
        >>> check_settings(load("digits/logistic"), [Config(init="he"), Config(dropout=0.2)])
        Traceback (most recent call last):
        thalweg.core.errors.InputError: A dropout rate is set, but the model has no dropout layer...
    """
    found = {(config.optimizer, _asked(config)): config for config in configs}
    for config in found.values():
        if config.additions or isinstance(optimizers[config.optimizer], Foreign):
            Learner(problem, config)


def probe_all(problem: Problem, configs: Iterable[Config]) -> None:
    """Try a problem out with every batch size, and every preparation of its data, that these settings ask for.

    Raises:
        ModelError: The model, loss, augmentation or a metric does not fit the data.
        DataError: Labels outside the classes, or splits of different form.
    """
    found = {(prepared(problem, config), config.batch_size): config.preprocess for config in configs}
    for (made, size), preprocess in found.items():
        try:
            probe(made, batch_size=size)
        except ModelError as error:
            before, after = _form(problem), _form(made)
            if before == after:
                raise
            probe(problem, batch_size=size)  # raises where the preprocessing is not to blame
            raise _reshaped(preprocess, before, after, error) from error


def _form(problem: Problem) -> torch.Size:
    return problem.train.take(torch.tensor([0]))[0].shape[1:]


def _reshaped(preprocess: str | None, before: torch.Size, after: torch.Size, error: ModelError) -> ModelError:
    shape = "" if len(before) == 1 else f", in place of the shape {tuple(before)}"
    return ModelError(
        "The model cannot take the inputs as they are preprocessed.",
        got=f"{preprocess} makes {after.numel()} features of {before.numel()}{shape}; {error.got}",
        expected=f"a model that takes inputs of shape {tuple(after)}",
        remedy=f"give the model {after.numel()} inputs, or keep their form: zca, standardize, center, min-max",
    )


def _asked(config: Config) -> frozenset[tuple[str, str]]:
    """What a setting asks of model, loss and data; a number asks the same, whatever it is."""
    return frozenset((name, value if isinstance(value, str) else "") for name, value in config.additions.items())
