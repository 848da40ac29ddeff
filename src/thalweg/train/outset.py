"""Outset: what a run starts from, which is fresh weights and an optimizer over them, as its Config asks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from thalweg.core.choice import read
from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.init import initialize
from thalweg.optim import build, optimizers
from thalweg.optim.groups.multiplier import DECAYS, parameter_groups
from thalweg.optim.groups.names import grouping
from thalweg.optim.max_norm import limited
from thalweg.optim.names import Named
from thalweg.problems import Problem
from thalweg.problems.lazy import build_model
from thalweg.train.dropout import set_dropout
from thalweg.train.factory import OptimizerFactory, from_factory

EXAMPLE = 128
"""Training samples that an initializer or a grouping may look at."""


def fresh_model(problem: Problem, config: Config) -> nn.Module:
    """Return a model with fresh weights and the dropout rate of the Config, drawn from torch's generator.

    Raises:
        UnknownNameError: No such initializer.
        InputError: A dropout rate for a model without dropout.
        ModelError: A model that the initializer cannot use.
    """
    model = build_model(problem)
    if config.init is not None:
        name, options = read(config.init)[0]
        if options:
            raise InputError(f"The initializer {name} has no options.", got=config.init, expected=name)
        initialize(name, model, example(problem, model))
    if config.dropout is not None:
        set_dropout(model, config.dropout)
    return model


def fresh_optimizer(
    problem: Problem, config: Config, model: nn.Module, factory: OptimizerFactory | None = None
) -> tuple[torch.optim.Optimizer, Config]:
    """Return the optimizer of a model's trainable parameters, and the Config with its name and numbers.

    Args:
        problem: Whose model it is.
        config: The setting.
        model: The model.
        factory: What makes the optimizer in place of the Config's name.

    Raises:
        InputError: A setting that this optimizer or model cannot have.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if factory is not None:
        if config.groups is not None:
            raise _no_groups(config, "an optimizer factory", "make the groups inside the factory")
        optimizer, config = from_factory(factory, parameters, config)
    elif config.groups is None:
        optimizer = build(config.optimizer, parameters, config.hyper, model=model)
    else:
        optimizer = _in_groups(problem, config, model)
    if config.max_norm is not None:
        limited(model, optimizer)
    return optimizer, config


def example(problem: Problem, model: nn.Module) -> Tensor:
    """Return the first training samples, where the model is."""
    x, _ = problem.train.take(torch.arange(min(EXAMPLE, len(problem.train))))
    first = next(model.parameters(), x)
    return x.to(first.device)


def _in_groups(problem: Problem, config: Config, model: nn.Module) -> torch.optim.Optimizer:
    assert config.groups
    name, options = read(config.groups)[0]
    entry = optimizers[config.optimizer]
    if not isinstance(entry, Named):
        raise _no_groups(config, config.optimizer, "leave groups out, or take an elementwise rule such as adam")
    settings = {key: hyper.default for key, hyper in entry.hypers().items()} | dict(config.hyper)
    numbers = {key: settings[key] for key in ("lr", *DECAYS) if settings.get(key)}
    choice = grouping(
        name, {key: _number(name, key, value) for key, value in options.items()}, example(problem, model)
    )
    return build(config.optimizer, parameter_groups(model, choice, **numbers), config.hyper)


def _number(name: str, key: str, value: object) -> float | bool:
    if not isinstance(value, int | float):
        raise InputError(
            f"{key} of the grouping {name} is no number or switch.",
            got=repr(value),
            expected="0.8, true",
        )
    return value


def _no_groups(config: Config, what: str, remedy: str) -> InputError:
    return InputError(f"{what} takes no groups of a Config.", got=f"groups={config.groups!r}", remedy=remedy)
