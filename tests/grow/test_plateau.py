"""Plateau: layers come when patience is spent, and no more once they do not help."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.events import Event, RunStarted
from thalweg.core.run import Outcome
from thalweg.grow.change import read_changes
from thalweg.grow.plateau import Stage, best_stage, fit_growing, joined
from thalweg.problems import Problem, load
from thalweg.train import Learner, weights

CONFIG = Config(optimizer="adam", hyper={"lr": 0.01}, epochs=30, patience=2)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return load("digits/mlp-1")


@pytest.fixture(scope="module")
def heard() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stages")


@pytest.fixture(scope="module")
def stages(problem: Problem, heard: list[Event], folder: Path) -> list[Stage]:
    return fit_growing(Learner(problem, CONFIG), sink=heard.append, checkpoint=folder, test=True)


def test_stages_grow_from_the_best_weights_so_far(stages: list[Stage], heard: list[Event], folder: Path) -> None:
    assert len(stages) > 1
    assert [e.run_id for e in heard if isinstance(e, RunStarted)] == [
        "run", *(f"run-grown-{number}" for number in range(1, len(stages)))
    ]  # fmt: skip
    assert sum(len(stage.run.epochs) for stage in stages) <= 30
    for before, after in pairwise(stages):
        assert before.run.outcome is Outcome.STOPPED_EARLY
        assert after.start["accuracy"] == pytest.approx(before.run.valid["accuracy"], abs=0.01)
        assert after.parameters == before.parameters + 64 * 64 + 64
    assert len(read_changes(folder / "grown-1")) == 1
    assert any("added" in name for name in weights(folder / "grown-1"))


def test_all_stages_are_one_run(stages: list[Stage], problem: Problem) -> None:
    metric = problem.objective_metric
    run, best = joined(stages, metric), best_stage(stages, metric)
    assert [epoch.number for epoch in run.epochs] == [*range(1, len(run.epochs) + 1)]
    assert all(a.step < b.step and a.seconds < b.seconds for a, b in pairwise(run.epochs))
    assert run.valid == run.epochs[run.best_epoch - 1].valid == best.run.valid
    assert run.valid["accuracy"] == max(stage.run.valid["accuracy"] for stage in stages)
    assert run.checkpoint == best.run.checkpoint
    assert run.test == best.run.test is not None
    assert run.message.startswith("grew ")
    alone = joined(stages[:1], metric)
    assert alone.epochs == stages[0].run.epochs
    assert alone.message.startswith("never grew: no better accuracy")


def test_among_equals_the_smaller_net(problem: Problem, tmp_path: Path) -> None:
    (first,) = fit_growing(Learner(problem, CONFIG.replace(epochs=1)), checkpoint=tmp_path)
    larger = replace(first, parameters=2 * first.parameters)
    worse = replace(first, run=replace(first.run, valid={"accuracy": 0.1, "loss": 9.0}))
    broken = replace(first, run=replace(first.run, outcome=Outcome.DIVERGED))
    assert best_stage([worse, first, larger], problem.objective_metric) is first
    assert best_stage([broken, worse], problem.objective_metric) is worse


def test_a_net_that_cannot_grow_ends_at_its_plateau(problem: Problem, tmp_path: Path) -> None:
    def smooth() -> nn.Module:
        return nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))

    settings = {key: getattr(problem, key) for key in ("loss", "train", "valid", "batch_size")}
    task = Problem(name="smooth", model=smooth, **settings)
    torch.manual_seed(0)
    stages = fit_growing(Learner(task, CONFIG), checkpoint=tmp_path)
    assert len(stages) == 1


def test_a_plateau_needs_patience(problem: Problem, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"what a plateau is[\s\S]*--patience"):
        fit_growing(Learner(problem, CONFIG.replace(patience=None)), checkpoint=tmp_path)
