"""Setup: what a user gives, in one form; what cannot be one is refused where it is given."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from thalweg.check.setup import Setup
from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError
from thalweg.problems import Problem


@pytest.fixture(scope="module")
def problem(blobs) -> Problem:
    return Problem(
        name="case",
        model=lambda: nn.Linear(4, 3),
        loss=nn.CrossEntropyLoss(),
        train=blobs,
        batch_size=16,
        epochs=5,
    )


def test_a_name_a_config_a_factory_and_nothing(problem):
    made = partial(torch.optim.SGD, lr=0.1)
    assert Setup.of(problem).config.optimizer == Config().optimizer
    assert Setup.of(problem, "adam").config.optimizer == "adam"
    config = Config(optimizer="adagrad", hyper={"lr": 0.5}, batch_size=8, epochs=3)
    assert Setup.of(problem, config).config == config
    found = Setup.of(problem, made)
    assert (found.factory, found.config.optimizer) == (made, Config().optimizer)


@pytest.mark.parametrize(
    ("epochs", "config", "expected"), [(None, None, 5), (None, 3, 3), (7, None, 7), (7, 3, 7), (1, 3, 1)]
)
def test_whose_epochs_count(problem, epochs, config, expected):
    found = Setup.of(problem, Config(epochs=config), epochs=epochs)
    assert (found.epochs, found.config.epochs) == (expected, expected)


def test_the_batch_size_is_the_problems_where_the_config_has_none(problem):
    assert Setup.of(problem).config.batch_size == 16
    assert Setup.of(problem, Config(batch_size=8)).config.batch_size == 8


@pytest.mark.parametrize("optimizer", [3, torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1), ["adam"]])
def test_no_optimizer(problem, optimizer):
    with pytest.raises(InputTypeError, match="name, a Config or a factory"):
        Setup.of(problem, optimizer)


def test_no_step_no_problem_no_length(problem):
    with pytest.raises(InputTypeError, match="training step is no function"):
        Setup.of(problem, train_step="step")
    with pytest.raises(InputTypeError, match="nothing to check"):
        Setup.of(nn.Linear(1, 1))
    for epochs in (0, -1):
        with pytest.raises(InputError, match="epochs"):
            Setup.of(problem, epochs=epochs)


def test_the_command_line_changes_what_it_names_and_nothing_else(problem):
    given = Setup.of(problem, Config(optimizer="momentum", hyper={"lr": 0.5, "momentum": 0.8}), epochs=3)
    found = given.configured(hyper={"lr": 0.1}, batch_size=4)
    assert found.config.hyper == {"lr": 0.1, "momentum": 0.8}
    assert (found.config.optimizer, found.config.batch_size, found.epochs) == ("momentum", 4, 3)
    assert given.config.hyper == {"lr": 0.5, "momentum": 0.8}
    assert given.configured() == given


def test_another_optimizer_has_numbers_of_its_own(problem):
    given = Setup.of(problem, Config(optimizer="momentum", hyper={"lr": 0.5, "momentum": 0.8}))
    found = given.configured(optimizer="adam", epochs=9)
    assert (found.config.optimizer, found.config.hyper, found.epochs) == ("adam", {}, 9)


def test_numbers_for_an_optimizer_of_the_users_own(problem):
    given = Setup.of(problem, partial(torch.optim.SGD, lr=0.1))
    with pytest.raises(InputError, match=r"made by its own function(.|\n)*lr=0\.5"):
        given.configured(hyper={"lr": 0.5})
    assert given.configured(optimizer="sgd", hyper={"lr": 0.5}).factory is None
    assert given.configured(batch_size=4).factory is given.factory


def test_changes_are_made_to_copies(problem):
    given = Setup.of(problem)
    changed = given.replace(rate=2.0).with_problem(batch_size=4)
    assert (changed.rate, changed.problem.batch_size) == (2.0, 4)
    assert (given.rate, given.problem.batch_size, problem.batch_size) == (1.0, 16, 16)
