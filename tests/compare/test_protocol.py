"""The protocol is fair: equal budgets, the same points for all, a test split that only final runs see."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from thalweg.compare.conduct import compare
from thalweg.compare.protocol import Protocol
from thalweg.core.config import Config
from thalweg.core.errors import InputError, ModelError, OutOfRangeError, UnknownNameError
from thalweg.core.events import Event, RunStarted, Sink
from thalweg.core.run import Outcome, Run
from thalweg.data.batches import InMemory, Split
from thalweg.execute import Job, sequential
from thalweg.optim import optimizers
from thalweg.optim.families import TEXTBOOK
from thalweg.problems import Problem

SHORT = Config(epochs=2)
RISING = ("linear", {"end": 1.2, "over": 1})


class Counted(Split):
    """A split that notes for which run its samples are taken.

    Sample 0 does not count: its shape is looked at, to see that it is of the form of training's.
    """

    def __init__(self, inner: InMemory) -> None:
        self.inner, self.run, self.taken = inner, "before", defaultdict[str, list[int]](list)

    def __len__(self) -> int:
        return len(self.inner)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        self.taken[self.run] += index.tolist()
        return self.inner.take(index)

    def select(self, index: Tensor) -> Split:
        raise AssertionError("a test split is never divided")

    def to(self, device: torch.device | str) -> Split:
        return self

    def hear(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self.run = event.run_id


def classify(*, model: Callable[[], nn.Module] = lambda: nn.Linear(4, 3), test: bool = True) -> Problem:
    """Three blobs in four dimensions: a run takes milliseconds."""
    y = torch.arange(120) % 3
    x = torch.randn(120, 4, generator=torch.Generator().manual_seed(0)) + torch.eye(3, 4)[y]
    held = Counted(InMemory(x[90:], y[90:])) if test else None
    loss, train = nn.CrossEntropyLoss(), (x[:90], y[:90])
    return Problem(name="blobs", model=model, loss=loss, train=train, test=held, target=0.5, batch_size=16)


def protocol(**changes: Any) -> Protocol:
    whole = {"problem": classify(), "names": TEXTBOOK, "trials": 16, "seeds": 3, "base": Config()}
    return Protocol(**{**whole, **changes})


def position(name: str, lr: float) -> float:
    """Where a rate lies in its declared range, 0 to 1 on the log scale."""
    low, high = optimizers[name].search
    return (math.log(lr) - math.log(low)) / (math.log(high) - math.log(low))


@given(st.integers(1, 40))
def test_every_optimizer_gets_the_same_budget_at_the_same_points(trials: int) -> None:
    jobs = protocol(trials=trials).tuning()
    own = {name: [job for job in jobs if job.config.optimizer == name] for name in TEXTBOOK}
    assert {len(mine) for mine in own.values()} == {trials}
    points = {name: [position(name, job.config.hyper["lr"]) for job in mine] for name, mine in own.items()}
    for name in TEXTBOOK:
        assert all(0 < u < 1 for u in points[name])
        assert points[name] == pytest.approx(points["sgd"])
    assert len({job.run_id for job in jobs}) == len(jobs)
    assert {job.config.seed for job in jobs} == {0}


def test_the_points_fill_the_range_evenly() -> None:
    """Sixteen points of a scrambled Sobol sequence: one in each sixteenth."""
    rates = [job.config.hyper["lr"] for job in protocol(names=("adam",)).tuning()]
    assert sorted(int(16 * position("adam", lr)) for lr in rates) == list(range(16))


def test_all_declared_ranges_are_equally_wide() -> None:
    decades = {name: math.log10(high / low) for name in optimizers for low, high in [optimizers[name].search]}
    assert decades == pytest.approx(dict.fromkeys(optimizers, 4.0))


def test_the_executor_is_asked_for_exactly_the_budget() -> None:
    asked: list[Job] = []

    def counting(jobs: Sequence[Job], sink: Sink) -> list[Run]:
        asked.extend(jobs)
        return sequential(jobs, sink)

    plan = protocol(names=("sgd", "adam"), trials=3, seeds=2)
    found = compare(plan.problem, plan.names, trials=3, seeds=2, base=SHORT, executor=counting)
    assert len(asked) == plan.runs == 10
    assert Counter(run.config.optimizer for run in found.trials) == {"sgd": 3, "adam": 3}
    assert Counter(run.config.optimizer for run in found.finals) == {"sgd": 2, "adam": 2}
    assert [job.test for job in asked] == [False] * 6 + [True] * 4
    assert (found.budget, found.missing) == (3, ())


def test_only_final_runs_touch_the_test_split() -> None:
    problem = classify()
    assert isinstance(problem.test, Counted)
    compare(problem, ["sgd", "adam"], trials=2, seeds=2, base=SHORT, sink=problem.test.hear)
    judged = {run: set(taken) - {0} for run, taken in problem.test.taken.items() if set(taken) != {0}}
    finals = [f"{name}/seed-{seed}" for name in ("sgd", "adam") for seed in (1, 2)]
    assert judged == {run: set(range(1, len(problem.test))) for run in finals}


def test_fresh_seeds_are_not_the_tuning_seed_and_best_settings_are_kept() -> None:
    found = compare(classify(), ["sgd", "adam"], trials=4, seeds=3, base=SHORT)
    assert {run.config.seed for run in found.trials} == {0}
    assert found.seeds == (1, 2, 3)
    assert 0 not in found.seeds
    for standing in found.ranking:
        mine = [run for run in found.finals if run.config.optimizer == standing.optimizer]
        assert [run.config.seed for run in mine] == list(found.seeds)
        assert {run.config.replace(seed=0) for run in mine} == {Config.from_json(standing.config)}
        assert len({run.epochs[0].train_loss for run in mine}) == 3


def test_what_all_share_reaches_every_run() -> None:
    base = Config(
        hyper={"weight_decay": 0.01, "clip_norm": 1.0},
        schedule="step",
        schedule_options={"every": 1.0, "divide": 2.0},
        epochs=3,
        batch_size=45,
        patience=9,
    )
    found = compare(classify(), ["sgd", "adam"], trials=2, seeds=2, base=base)
    for run in (*found.trials, *found.finals):
        assert run.config.hyper.keys() == {"lr", "weight_decay", "clip_norm"}
        lr, optimizer, seed = run.config.hyper["lr"], run.config.optimizer, run.config.seed
        assert run.config == base.replace(
            hyper={**base.hyper, "lr": lr}, optimizer=optimizer, seed=seed, keep="best"
        )
        assert (len(run.epochs), run.steps) == (3, 6)
        assert run.epochs[-1].lr == pytest.approx(lr / 4)


def test_every_run_is_judged_at_its_best_epoch_and_never_cut_short() -> None:
    found = compare(classify(), ["sgd"], trials=4, seeds=3, base=Config(epochs=6))
    runs = [run for run in (*found.trials, *found.finals) if run.outcome is Outcome.COMPLETED]
    assert all(len(run.epochs) == 6 for run in runs)
    assert all(run.valid["accuracy"] == max(epoch.valid["accuracy"] for epoch in run.epochs) for run in runs)
    assert any(run.best_epoch < 6 for run in runs)
    last = compare(classify(), ["sgd"], trials=2, seeds=1, base=Config(epochs=3), keep="last")
    assert all(run.valid == run.epochs[-1].valid for run in (*last.trials, *last.finals))


def untimed(value: Any) -> Any:
    if isinstance(value, dict):
        clocks = {"seconds", "seconds_to_target", "started"}
        return {key: untimed(item) for key, item in value.items() if key not in clocks}
    return [untimed(item) for item in value] if isinstance(value, list) else value


def test_the_same_call_gives_the_same_result() -> None:
    def once() -> Any:
        torch.rand(1)  # moves the global generator, which must not matter
        found = compare(classify(), ["momentum", "adam"], trials=3, seeds=2, base=SHORT)
        return untimed(json.loads(json.dumps(found.to_json())))

    assert once() == once()


def test_without_a_test_split_validation_scores_and_is_named() -> None:
    found = compare(classify(test=False), ["sgd", "adam"], trials=2, seeds=2, base=SHORT)
    assert found.tested_on == "valid"
    assert all(run.test is None for run in found.finals)
    assert all(standing.test == standing.valid for standing in found.ranking)


def test_the_books_optimizers_are_compared_if_none_is_named() -> None:
    found = compare(classify(), trials=1, seeds=1, base=Config(epochs=1))
    assert {standing.optimizer for standing in found.ranking} == set(TEXTBOOK)
    assert [standing.rank for standing in found.ranking] == list(range(1, len(TEXTBOOK) + 1))
    assert all(math.isnan(standing.test.low) for standing in found.ranking)
    assert not any(pair.distinct for pair in found.pairs)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"names": ()}, InputError, "each once"),
        ({"names": ("adam", "sgd", "adam")}, InputError, "adam, sgd, adam"),
        ({"names": ("adma",)}, UnknownNameError, "did you mean 'adam'"),
        ({"trials": 0}, InputError, "trials"),
        ({"seeds": -1}, InputError, "seeds"),
        ({"base": Config(hyper={"weight_decya": 0.1})}, UnknownNameError, "weight_decay"),
        ({"base": Config(hyper={"weight_decay": -0.1})}, OutOfRangeError, "weight_decay"),
        ({"base": Config(hyper={"lr": 0.1})}, InputError, "tunes the learning rate"),
        ({"base": Config(schedule="stpe")}, UnknownNameError, "step"),
        ({"base": Config(schedule="step", schedule_options={"evry": 2})}, UnknownNameError, "every"),
        ({"base": Config(schedules={"momentum": RISING})}, UnknownNameError, "hyper-parameter of sgd"),
        (
            {"base": Config(schedules={"momentum": RISING}), "names": ("momentum",)},
            OutOfRangeError,
            "1.08 at epoch",
        ),
    ],
)
def test_what_cannot_be_done_is_said_at_once(changes: Any, error: type[InputError], said: str) -> None:
    with pytest.raises(error) as caught:
        protocol(**changes)
    assert said in str(caught.value)


def slow(parameters: Any, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr / 10)


def test_a_class_and_a_function_are_compared_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimizers, "_entries", dict(optimizers._entries))
    mine = f"{__name__.partition('.')[0]}.slow"
    given = ["sgd", torch.optim.SGD, slow]
    found = compare(classify(), given, trials=2, seeds=1, base=SHORT, search={mine: (0.01, 1.0)})
    assert {standing.optimizer for standing in found.ranking} == {"sgd", "torch.SGD", mine}
    ours, theirs = (
        {run.config.hyper["lr"]: run.valid["loss"] for run in found.trials if run.config.optimizer == name}
        for name in ("sgd", "torch.SGD")
    )
    assert theirs == pytest.approx(ours)


def test_one_without_a_range_or_that_cannot_be_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimizers, "_entries", dict(optimizers._entries))
    with pytest.raises(InputError, match=r"--search .*slow=1e-4:1"):
        compare(classify(), [slow])
    with pytest.raises(InputError, match="step of LBFGS"):
        compare(classify(), [torch.optim.LBFGS], search={"torch.LBFGS": (0.1, 1.0)})


def test_a_model_that_does_not_fit_is_found_before_the_first_run() -> None:
    def forbidden(jobs: Sequence[Job], sink: Sink) -> list[Run]:
        raise AssertionError("a run was begun")

    with pytest.raises(ModelError):
        compare(classify(model=lambda: nn.Linear(5, 3)), ["sgd"], executor=forbidden)
