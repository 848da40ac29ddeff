"""What ranks runs: objective, then loss, NaN last, and no more digits than executors agree on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from thalweg.problems import Metric, accuracy
from thalweg.sweep.score import LAST, judged_by, of_measures, score

LOSS = Metric("loss", lambda output, target: (output - target).square().mean(), higher_is_better=False)


def test_the_objective_decides_then_the_loss() -> None:
    assert score(accuracy, 0.9, 5.0) > score(accuracy, 0.8, 0.1)
    assert score(accuracy, 0.9, 0.1) > score(accuracy, 0.9, 0.2)
    assert score(LOSS, 0.1, 0.1) > score(LOSS, 0.2, 0.2)
    assert torch.equal(LOSS.function(torch.ones(1), torch.ones(1)), torch.zeros(()))


def test_nan_and_broken_runs_come_last() -> None:
    assert score(accuracy, math.nan, 0.1) == score(accuracy, 0.9, math.nan) == LAST < score(accuracy, 0.0, 1e9)
    assert of_measures(accuracy, {"accuracy": 1.0, "loss": 0.1}, broken=True) == of_measures(accuracy, {}) == LAST


def test_rounding_is_no_rank() -> None:
    assert score(LOSS, 0.1, 0.1) == score(LOSS, 0.1 * (1 + 1e-9), 0.1 * (1 - 1e-9))


def test_a_run_is_judged_by_its_best_epoch_or_its_last(curves: Callable[..., Any]) -> None:
    curve = curves([0.5, 0.9, 0.9, 0.7], [1.0, 0.4, 0.3, 0.2])
    assert [epoch.number for epoch in judged_by(accuracy, curve, keeps_best=True)] == [1, 2, 3, 3]
    assert [epoch.number for epoch in judged_by(accuracy, curve, keeps_best=False)] == [1, 2, 3, 4]
