"""Resume: a finished run goes on with a grown net, from its accuracy and with its optimizer's state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError, InputError
from thalweg.core.run import Outcome, Run
from thalweg.grow.resume import count, regrow, reopen
from thalweg.problems import Problem, load
from thalweg.train import Learner, fit, run_learner


@pytest.fixture(scope="module")
def problem() -> Problem:
    return load("digits/mlp-2")


@pytest.fixture(scope="module", params=["nesterov", "adam"])
def run(request: pytest.FixtureRequest, problem: Problem, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = Config(optimizer=request.param, hyper={"lr": 0.01}, epochs=2)
    return fit(problem, config, checkpoint=tmp_path_factory.mktemp("run"), threads=1)


def test_the_run_is_there_again(problem: Problem, run: Run) -> None:
    assert reopen(problem, run).judge("valid") == run.valid


def test_the_grown_net_starts_where_the_old_one_ended(problem: Problem, run: Run) -> None:
    grown = regrow(reopen(problem, run), run, problem, wider=2, deeper=1)
    assert grown.before == run.valid
    assert grown.after["accuracy"] == run.valid["accuracy"]
    assert grown.after["loss"] == pytest.approx(run.valid["loss"], rel=1e-4)
    assert grown.state == "optimizer state carried over"
    assert count(grown.learner) == 64 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * 10 + 10
    steps = {float(own["step"]) for own in grown.learner.optimizer.state.values() if own}
    assert steps == {2.0 * 19}


def test_it_trains_and_is_grown_again(problem: Problem, run: Run, tmp_path: Path) -> None:
    first = regrow(reopen(problem, run), run, problem, wider=1.5, noise=0.01)
    longer = run_learner(first.learner, checkpoint=tmp_path)
    assert longer.outcome is Outcome.COMPLETED
    assert longer.valid["loss"] < run.valid["loss"]
    second = regrow(first.learner, longer, problem, earlier=first.changes, deeper=1)
    assert second.after["loss"] == pytest.approx(longer.valid["loss"], rel=1e-4)
    assert len(second.changes) == 3
    assert torch.is_tensor(next(second.learner.model.parameters()))


def test_weights_of_an_earlier_epoch_begin_without_state(problem: Problem, tmp_path: Path) -> None:
    config = Config(optimizer="adam", hyper={"lr": 0.03}, epochs=40, patience=2)
    run = fit(problem, config, checkpoint=tmp_path, threads=1)
    assert run.best_epoch == len(run.epochs) - 2
    grown = regrow(reopen(problem, run), run, problem, deeper=1)
    assert "begins anew" in grown.state
    assert grown.after["loss"] == pytest.approx(run.valid["loss"], rel=1e-4)
    assert not any(grown.learner.optimizer.state.values())


def test_runs_that_cannot_grow_are_refused(problem: Problem, run: Run, tmp_path: Path) -> None:
    for change in ({"checkpoint": None}, {"outcome": Outcome.DIVERGED}, {"epochs": ()}):
        with pytest.raises(InputError, match="no weights to grow from"):
            reopen(problem, replace(run, **change))
    with pytest.raises(InputError, match=r"was interrupted[\s\S]*--resume"):
        reopen(problem, replace(run, outcome=Outcome.INTERRUPTED))
    with pytest.raises(CheckpointError, match="does not fit"):
        reopen(with_net_of(load("digits/mlp-1"), problem), run)


def with_net_of(other: Problem, problem: Problem) -> Problem:
    settings = {key: getattr(problem, key) for key in ("name", "loss", "train", "valid", "epochs", "batch_size")}
    return Problem(model=other.model, **settings)


def test_a_learner_without_state_carries_nothing(problem: Problem) -> None:
    learner = Learner(problem, Config(optimizer="sgd", hyper={"lr": 0.1}, epochs=1))
    run = run_learner(learner)
    assert regrow(learner, run, problem, wider=2).state == "optimizer state carried over"
