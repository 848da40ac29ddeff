"""What becomes of a run in which something goes wrong: its outcome, its weights and its figures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.config import Config
from thalweg.core.errors import OutputError, StoreError
from thalweg.core.events import EpochEnded, Event, RunEnded
from thalweg.core.run import Outcome
from thalweg.data.batches import order
from thalweg.problems import Metric, Problem
from thalweg.problems.probe import probe
from thalweg.train import Learner, fit, run_learner

BETTER_THEN_WORSE = {"optimizer": "nesterov", "hyper": {"lr": 0.05}, "epochs": 12}


def failing(at: int, error: BaseException) -> Any:
    """A loss that raises at its call of that number. Three come before training; an epoch has 6 + 1."""
    calls = iter(range(10**9))

    def loss(output: Tensor, target: Tensor) -> Tensor:
        if next(calls) == at:
            raise error
        return functional.cross_entropy(output, target)

    return loss


@pytest.mark.parametrize(
    ("call", "done", "where"),
    [
        (2, 0, "epoch 1, after step 0"),
        (5, 0, "epoch 1, after step 2"),
        (3 + 7 + 1, 1, "epoch 2, after step 7"),
        (3 + 7 + 6, 1, "epoch 2, after step 12"),
    ],
)
def test_an_error_ends_the_run_with_its_whole_epochs(
    make_problem: Any, curve: Any, problem: Problem, call: int, done: int, where: str
) -> None:
    heard: list[Event] = []
    loss = failing(call, RuntimeError("should be between 0 and 1\nsecond line"))
    run = fit(make_problem(loss=loss), optimizer="nesterov", test=True, sink=heard.append)
    assert (run.outcome, run.test, run.best_epoch) == (Outcome.FAILED, None, done)
    assert run.message == f"RuntimeError: should be between 0 and 1 (in {where})"
    assert curve(run) == curve(fit(problem, optimizer="nesterov"))[:done]
    assert run.valid == (run.epochs[-1].valid if done else {})
    assert (run.steps, run.seconds) == ((6, run.epochs[-1].seconds) if done else (0, 0))
    assert isinstance(heard[-1], RunEnded)
    assert heard[-1].run is run


def test_binary_cross_entropy_at_a_rate_far_too_high(make_problem: Any) -> None:
    x = torch.randn(90, 6, generator=torch.Generator().manual_seed(0))
    split = (x, (x[:, :1] > 0).float())
    net = lambda: nn.Sequential(nn.Linear(6, 1), nn.Sigmoid())  # noqa: E731
    data = {"train": split, "valid": split, "test": split}
    run = fit(make_problem(model=net, loss=nn.BCELoss(), **data), hyper={"lr": 3e38}, test=True)
    assert run.outcome is Outcome.FAILED
    assert run.message.startswith("RuntimeError: all elements of input should be between 0 and 1")


@pytest.mark.parametrize("part", ["model", "metric", "optimizer"])
def test_whatever_of_the_users_raises(make_problem: Any, part: str) -> None:
    calls = iter(range(10**9))

    def limited(value: Any) -> Any:
        if next(calls) >= 4:
            raise ZeroDivisionError
        return value

    class Net(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:  # noqa: A002
            return limited(super().forward(input))

    class Optimizer(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            return limited(super().step(closure))

    changed = {
        "model": {"model": lambda: Net(6, 3)},
        "metric": {"metrics": [Metric("mine", lambda output, target: limited(output.mean()))]},
        "optimizer": {},
    }[part]
    optimizer = (lambda parameters: Optimizer(parameters, lr=0.01)) if part == "optimizer" else None
    run = fit(make_problem(**changed), optimizer=optimizer)
    assert (run.outcome, run.message[:21]) == (Outcome.FAILED, "ZeroDivisionError (in")


def test_an_error_on_the_test_split_keeps_the_run(make_problem: Any, curve: Any, problem: Problem) -> None:
    run = fit(make_problem(loss=failing(3 + 4 * 7, ValueError("odd"))), test=True)
    assert (run.outcome, run.test, run.message) == (
        Outcome.FAILED,
        None,
        "ValueError: odd (on the test split, after step 24)",
    )
    assert curve(run) == curve(fit(problem))


@pytest.mark.parametrize("error", [StoreError("full"), OutputError("gone"), RuntimeError("a bug of the sink")])
def test_what_a_sink_raises_is_no_outcome(problem: Problem, error: Exception) -> None:
    def sink(event: Event) -> None:
        if isinstance(event, EpochEnded):
            raise error

    with pytest.raises(type(error)):
        fit(problem, sink=sink)


def test_a_failed_run_can_be_resumed(make_problem: Any, problem: Problem, tmp_path: Path, curve: Any) -> None:
    run = fit(make_problem(loss=failing(3 + 14 + 2, MemoryError())), checkpoint=tmp_path)
    assert (run.outcome, len(run.epochs)) == (Outcome.FAILED, 2)
    assert curve(fit(problem, checkpoint=tmp_path, resume=True)) == curve(fit(problem))


@pytest.mark.parametrize("keeps", [{"patience": 9}, {"keep": "best"}])
@pytest.mark.parametrize(("outcome", "error"), [(Outcome.FAILED, ValueError()), (Outcome.DIVERGED, None)])
def test_a_broken_run_gets_no_best_weights_back(
    make_problem: Any, keeps: Any, outcome: Outcome, error: Exception | None
) -> None:
    scores = iter([0.0, 0.0, 0.9, 0.5, 0.4])
    score = Metric("score", lambda output, target: torch.tensor(next(scores)))
    calls = iter(range(10**9))

    def loss(output: Tensor, target: Tensor) -> Tensor:
        late = next(calls) >= 3 + 2 * 7 + 2
        if late and error:
            raise error
        return functional.cross_entropy(output, target) * (math.nan if late else 1)

    problem = make_problem(loss=loss, metrics=[score])
    learner = Learner(problem, Config(**keeps))
    probe(problem)
    run = run_learner(learner)
    last = run.epochs[-1]
    assert run.outcome is outcome
    assert (run.best_epoch, run.valid, run.steps) == (last.number, last.valid, last.step)
    assert run.valid["score"] == pytest.approx(0.5 if error else 0.4)
    assert all(p.isnan().all() for p in learner.model.parameters()) == (outcome is Outcome.DIVERGED)


@pytest.mark.parametrize("keep", ["last", "best"])
def test_the_best_weights_are_kept_without_stopping(overfit: Problem, keep: str, curve: Any) -> None:
    learner = Learner(overfit, Config(**BETTER_THEN_WORSE, keep=keep))
    run = run_learner(learner, test=True)
    losses = [epoch.valid["loss"] for epoch in run.epochs]
    best = losses.index(min(losses)) + 1
    assert 1 < best < 12 == len(run.epochs)
    assert (run.outcome, run.steps) == (Outcome.COMPLETED, run.epochs[-1].step)
    assert run.best_epoch == (best if keep == "best" else 12)
    assert overfit.evaluate(learner.model, overfit.valid) == run.valid == run.epochs[run.best_epoch - 1].valid
    assert overfit.test is not None
    assert overfit.evaluate(learner.model, overfit.test) == run.test


def test_the_best_weights_come_through_a_resume(
    overfit: Problem, tmp_path: Path, interrupt_at: Any, bits: Any
) -> None:
    config = Config(**BETTER_THEN_WORSE, keep="best")
    whole = Learner(overfit, config)
    expected = run_learner(whole)
    run_learner(Learner(overfit, config), checkpoint=tmp_path, sink=interrupt_at(expected.best_epoch + 1))
    learner = Learner(overfit, config)
    run = run_learner(learner, checkpoint=tmp_path, resume=True)
    assert (run.best_epoch, run.valid) == (expected.best_epoch, expected.valid)
    assert bits(learner.model) == bits(whole.model)


def solved(scale: float) -> Any:
    """A model that is right on every sample, and that dropout throws far off in training."""

    def net() -> nn.Module:
        linear = nn.Linear(3, 3, bias=False)
        with torch.no_grad():
            linear.weight.copy_(scale * torch.eye(3))
        return nn.Sequential(nn.Dropout(0.5), linear)

    return net


def test_dropout_on_a_good_model_is_no_divergence(make_problem: Any, tmp_path: Path, interrupt_at: Any) -> None:
    y = torch.arange(90) % 3
    split = (torch.eye(3)[y], y)
    problem = make_problem(model=solved(8.0), train=split, valid=split, test=split)
    config = Config(optimizer="sgd", hyper={"lr": 1e-3})
    run_learner(Learner(problem, config), checkpoint=tmp_path, sink=interrupt_at(1))
    for run in (fit(problem, config), fit(problem, config, checkpoint=tmp_path, resume=True)):
        assert run.outcome is Outcome.COMPLETED
        assert run.epochs[0].train_loss > 100 * run.valid["loss"]


def test_the_bound_is_ten_times_the_larger_of_first_batch_and_validation(make_problem: Any) -> None:
    learner = Learner(make_problem(), Config(optimizer="sgd", hyper={"lr": 0.0}))
    first = order(90, seed=0, epoch=0)[:16]
    x, y = learner.splits["train"].take(first)
    losses = [functional.cross_entropy(learner.model(x), y).item(), learner.judge("valid")["loss"]]
    learner.train_epoch()
    assert learner.fresh_loss == pytest.approx(max(losses), rel=1e-6)
