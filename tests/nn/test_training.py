"""Blocks in a Problem: what they are for, trained alone and in a cohort."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from sklearn.datasets import load_digits

import thalweg as tw
from thalweg.core.errors import DataError
from thalweg.execute.cohort import Cohort
from thalweg.nn import HierarchicalSoftmax, HierarchicalSoftmaxLoss, Maxout, NoisyReLU, Residual
from thalweg.train import Learner


def problem(counts: Sequence[int] = (1,) * 10) -> tw.Problem:
    x, y = load_digits(return_X_y=True)

    def model() -> torch.nn.Module:
        blocks = [torch.nn.Linear(64, 60), Maxout(3), Residual(NoisyReLU())]
        return torch.nn.Sequential(torch.nn.BatchNorm1d(64), *blocks, HierarchicalSoftmax(20, counts)).double()

    data = (torch.from_numpy(x), torch.from_numpy(y))
    return tw.Problem(name="blocks", model=model, loss=HierarchicalSoftmaxLoss(), train=data, epochs=3)


def test_a_problem_is_trained() -> None:
    """With accuracy, as with any scores."""
    run = tw.fit(problem(), optimizer="adam", hyper={"lr": 0.02}, threads=1)
    assert str(run.outcome) == "completed"
    assert run.valid["accuracy"] > 0.9


def test_labels_outside_the_tree_are_found_before_training() -> None:
    with pytest.raises(DataError, match="Labels outside the classes") as error:
        tw.fit(problem([1] * 9))
    assert "0 to 8, for 9 classes" in str(error.value)


def test_a_cohort_trains_as_each_alone() -> None:
    configs = [tw.Config(optimizer="adam", hyper={"lr": lr}, seed=seed) for lr, seed in ((0.02, 0), (0.005, 1))]
    shared = problem()
    together = Cohort([Learner(shared, config) for config in configs]).train_epoch()
    for epoch, config in zip(together, configs, strict=True):
        alone = Learner(shared, config).train_epoch()
        assert epoch.train_loss == pytest.approx(alone.train_loss, rel=1e-9)
        assert dict(epoch.valid) == pytest.approx(dict(alone.valid), rel=1e-9)
