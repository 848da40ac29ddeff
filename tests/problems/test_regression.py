from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from torch import nn

from thalweg.data.batches import InMemory
from thalweg.problems.catalog import load
from thalweg.problems.problem import Problem
from thalweg.problems.regression import AbsoluteError


def arrays(problem: Problem) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (s.x.double().numpy(), s.y.double().numpy()) for s in problem.splits.values() if isinstance(s, InMemory)
    ]


def test_inputs_and_target_are_standardized_by_training() -> None:
    (x, y), (xv, _), _ = arrays(load("diabetes/linear"))
    for values in (x, y):
        np.testing.assert_allclose(values.mean(0), 0, atol=1e-6)
        np.testing.assert_allclose(values.std(0), 1, atol=1e-6)
    assert abs(xv.mean(0)).max() > 1e-3


def test_who_always_says_the_mean_has_a_loss_of_one() -> None:
    problem = load("diabetes/linear")
    model = problem.model()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    assert problem.evaluate(model, problem.train)["loss"] == pytest.approx(1, abs=1e-5)


def test_the_metric_is_in_the_targets_units() -> None:
    problem = load("diabetes/linear")
    (x, y), _, (xt, yt) = arrays(problem)
    fitted = LinearRegression().fit(x, y)
    model = problem.model()
    (layer,) = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(fitted.coef_))
        layer.bias.copy_(torch.from_numpy(fitted.intercept_))
    assert problem.test is not None
    judged = problem.evaluate(model, problem.test)
    (metric,) = problem.metrics
    assert isinstance(metric.function, AbsoluteError)
    unit = metric.function.unit
    assert 70 < unit < 85  # of a target of 25 to 346
    assert judged["mae"] == pytest.approx(unit * abs(fitted.predict(xt) - yt).mean(), rel=1e-5)
    assert not problem.objective_metric.higher_is_better
    assert problem.target is not None
    assert problem.evaluate(model, problem.valid)["mae"] < problem.target


def test_repeated_wines_stay_on_one_side(data_root: Path) -> None:
    parts = [{tuple(row) for row in x} for x, _ in arrays(load("wine-quality/mlp-1", data=data_root))]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
