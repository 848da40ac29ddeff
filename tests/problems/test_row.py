from __future__ import annotations

import pickle

import pytest
import torch
from torch import nn

from thalweg.problems.row import DESCEND, Row, dense


def test_widths_as_text() -> None:
    assert dense(4, 2).text == "4-2"
    assert dense(4, 3, 3, 5, 2).text == "4-(3)x2-5-2"
    assert dense(4, 3, 2).shape == (4,)


def test_settings_are_what_the_row_says_and_the_factory_goes_to_other_processes() -> None:
    row = Row("toy/mlp-1", "toy", dense(4, 3, 2), 8, 5, 0.9)
    settings = row.settings()
    assert {key: settings[key] for key in ("name", "objective", "target", "batch_size", "epochs")} == {
        "name": "toy/mlp-1",
        "objective": "accuracy",
        "target": 0.9,
        "batch_size": 8,
        "epochs": 5,
    }
    model = pickle.loads(pickle.dumps(settings["model"]))()
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(4, 3), (3, 2)]


@pytest.mark.parametrize(("target", "goal"), [(90, "loss 90"), (0.001, "loss 0.001")])
def test_goals_that_are_no_shares(target: float, goal: str) -> None:
    assert Row("toy", "toy", dense(1, 1), 1, 1, target, DESCEND).goal == goal


def test_a_row_builds_its_problem() -> None:
    problem = Row("toy", "rosenbrock", dense(1, 2), 1, 3, 0.5, DESCEND).build()
    assert problem.model()(torch.zeros(2, 1)).shape == (2, 2)
    assert (problem.name, problem.objective, problem.epochs) == ("toy", "loss", 3)
