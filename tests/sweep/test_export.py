"""Optuna's own tools open what is exported: parameters, distributions, values, curves, states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.run import Outcome
from thalweg.problems import Problem
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import choice, integers, log, uniform
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial

STATES = {Outcome.COMPLETED: TrialState.COMPLETE, Outcome.PRUNED: TrialState.PRUNED}


@pytest.fixture(scope="module")
def result(bowl: Problem) -> SweepResult:
    space = {
        "lr": {"sgd": log(1e-3, 10), "momentum": log(1e-4, 1)},
        "momentum": uniform(0.1, 0.9),
        "batch_size": integers(12, 16),
        "schedule": choice("constant", "linear"),
    }
    return sweep(
        bowl, ["sgd", "momentum"], space, trials=9, seeds=2, base=Config(epochs=4, keep="best"), threads=1
    )


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[optuna.storages.RDBStorage]:
    made = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
    yield made
    made.engine.dispose()


def same(frozen: optuna.trial.FrozenTrial, trial: Trial) -> None:
    assert frozen.state == STATES.get(trial.outcome, TrialState.FAIL)
    assert frozen.value == (trial.metric if trial.is_whole else None)
    values = {name.partition(" (")[0]: value for name, value in frozen.params.items()}
    assert values == dict(trial.values)
    finite = {epoch: value for epoch, value in enumerate(trial.curve, 1) if math.isfinite(value)}
    assert frozen.intermediate_values == pytest.approx(finite)
    assert frozen.user_attrs["name"] == trial.name
    assert Config.from_json(frozen.user_attrs["config"]) == trial.config


def test_a_storage_read_back_by_optuna_holds_every_trial(
    result: SweepResult, storage: optuna.storages.RDBStorage
) -> None:
    result.to_optuna(storage, name="bowl")
    study = optuna.load_study(study_name="bowl", storage=storage)
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    assert len(study.trials) == len(result.trials)
    for frozen, trial in zip(study.trials, result.trials, strict=True):
        same(frozen, trial)
    whole = [trial for trial in result.trials if trial.is_whole]
    assert study.best_value == min(trial.metric for trial in whole)
    assert {trial.state for trial in study.trials} >= {TrialState.COMPLETE, TrialState.PRUNED}


def test_distributions_are_the_ranges_one_name_each(result: SweepResult) -> None:
    study = result.to_optuna()
    found = {name: d for trial in study.trials for name, d in trial.distributions.items()}
    assert found["lr (sgd)"] == FloatDistribution(1e-3, 10, log=True)
    assert found["lr (momentum)"] == FloatDistribution(1e-4, 1, log=True)
    assert found["momentum"] == FloatDistribution(0.1, 0.9)
    assert found["batch_size"] == IntDistribution(12, 16)
    assert found["schedule"] == CategoricalDistribution(("constant", "linear"))
    assert found["optimizer"] == CategoricalDistribution(("sgd", "momentum"))


def test_a_name_that_is_taken_is_refused(result: SweepResult, storage: optuna.storages.RDBStorage) -> None:
    result.to_optuna(storage, name="twice")
    with pytest.raises(InputError, match="study of this name"):
        result.to_optuna(storage, name="twice")
