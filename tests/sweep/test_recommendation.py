"""What was learnt is recommended; what is no better than no training at all is not."""

from __future__ import annotations

import math

import pytest

from thalweg.core.errors import InputError
from thalweg.problems import Metric, Problem, accuracy
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import log
from thalweg.sweep.recommendation import is_better

LOSS = Metric("loss", lambda output, target: output.mean(), higher_is_better=False)


@pytest.mark.parametrize(
    ("metric", "untrained", "better", "no_better"),
    [
        (accuracy, 0.1, 0.102, 0.1005),
        (accuracy, 0.95, 0.951, 0.9504),
        (accuracy, 0.0, 0.01, 0.0),
        (accuracy, 1.0, None, 1.0),
        (LOSS, 2.3, 2.27, 2.28),
        (LOSS, -2.3, -2.33, -2.31),
        (LOSS, math.inf, 1e9, None),
        (LOSS, 1.0, 0.5, math.nan),
    ],
)
def test_a_gain_is_held_against_what_was_there_and_what_is_left(
    metric: Metric, untrained: float, better: float | None, no_better: float | None
) -> None:
    assert better is None or is_better(better, untrained, metric)
    assert no_better is None or not is_better(no_better, untrained, metric)


def test_where_nothing_was_learnt_nothing_is_recommended(bowl: Problem) -> None:
    result = sweep(bowl, "sgd", {"lr": log(1e-9, 1e-6)}, trials=6, seeds=2, threads=1)
    assert result.recommendation is None
    assert result.band is not None
    assert result.refusal == "nothing was learnt: the best setting is no better than an untrained model"
    assert "train for more epochs" in result.advice
    with pytest.raises(InputError, match="nothing was learnt"):
        _ = result.best
