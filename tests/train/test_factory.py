"""An optimizer factory: refused before the start if it cannot be used, and recorded as what it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim import Momentum
from thalweg.problems import Problem
from thalweg.train import Learner, OptimizerFactory, fit


def adam(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=0.02, eps=1e-6, amsgrad=True)


class Needy(torch.optim.SGD):
    def step(self, model: Any, *more: Any, closure: Any = None, **most: Any) -> Any:
        return super().step(closure)


@pytest.mark.parametrize(
    "given",
    [
        torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1),
        3,
        lambda parameters: "adam",
        lambda parameters: None,
    ],
)
def test_what_makes_no_optimizer_is_refused(problem: Problem, given: Any) -> None:
    with pytest.raises(InputTypeError, match=r"has to be a factory[\s\S]*lambda parameters"):
        Learner(problem, Config(), optimizer=given)


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        (torch.optim.LBFGS, r"step of LBFGS[\s\S]*step\(closure\)"),
        (lambda parameters: Needy(parameters, lr=0.1), r"step of Needy[\s\S]*step\(model\)\n"),
    ],
)
def test_a_step_that_needs_more_is_found_before_the_start(
    problem: Problem, factory: OptimizerFactory, words: str
) -> None:
    heard: list[object] = []
    with pytest.raises(InputError, match=words):
        fit(problem, optimizer=factory, sink=heard.append)
    assert heard == []


def test_hyper_parameters_that_the_factory_would_not_see_are_refused(problem: Problem) -> None:
    with pytest.raises(InputError, match=r"beside an optimizer factory[\s\S]*got: +lr=0.1, momentum=0.5"):
        fit(problem, optimizer=adam, hyper={"lr": 0.1, "momentum": 0.5})


def test_the_run_says_what_it_was_trained_by(problem: Problem) -> None:
    run = fit(problem, Config(optimizer="nesterov", seed=4), optimizer=adam, epochs=1)
    assert (run.config.optimizer, run.config.seed, run.config.epochs) == ("Adam", 4, 1)
    expected = {"lr": 0.02, "eps": 1e-6, "weight_decay": 0, "amsgrad": True, "maximize": False}
    assert run.config.hyper.items() >= expected.items()
    assert "betas" not in run.config.hyper


def test_a_class_of_ours_is_a_factory_too(problem: Problem) -> None:
    run = fit(problem, optimizer=Momentum, epochs=1)
    assert run.config.optimizer == "Momentum"
    assert run.config.hyper["momentum"] == Momentum([nn.Parameter(torch.ones(1))]).defaults["momentum"]
