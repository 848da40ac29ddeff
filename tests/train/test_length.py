"""How long a run is: its own epochs and batch size or else the problem's, as many updates as a Learner makes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.core.config import Config
from thalweg.problems import Problem
from thalweg.train import Learner
from thalweg.train.length import Length, complete


@pytest.fixture(scope="module")
def toy() -> Problem:
    x, y = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 3
    splits = {"train": (x[:41], y[:41]), "valid": (x[41:], y[41:])}
    return Problem(
        name="toy", model=lambda: nn.Linear(4, 3), loss=nn.CrossEntropyLoss(), batch_size=8, epochs=3, **splits
    )


@pytest.mark.parametrize(
    ("config", "length", "steps"),
    [
        (Config(), Length(3, 8, 6, 6), 18),
        (Config(epochs=2, batch_size=41), Length(2, 41, 1, 1), 2),
        (Config(batch_size=20), Length(3, 20, 3, 3), 9),
        (Config(optimizer="lbfgs"), Length(3, 8, 6, 1), 3),
    ],
)
def test_it_is_what_a_learner_trains(config: Config, length: Length, steps: int, toy: Problem) -> None:
    learner = Learner(toy, config)
    assert Length.of(toy, config) == learner.length == length
    assert (length.steps, learner.steps_per_epoch, learner.epochs) == (
        steps,
        length.steps_per_epoch,
        length.epochs,
    )
    assert learner.train_epoch().step == length.steps_per_epoch


def test_what_is_open_is_filled_in_and_nothing_else(toy: Problem) -> None:
    assert complete(toy, Config(seed=3, epochs=5)) == Config(seed=3, epochs=5, batch_size=8)
    whole = Config(epochs=5, batch_size=2)
    assert complete(toy, whole) == Learner(toy, whole).config == whole


def test_an_optimizer_in_no_registry_makes_an_update_a_batch(toy: Problem) -> None:
    assert Length.of(toy, Config(optimizer="SGD")).steps_per_epoch == 6
