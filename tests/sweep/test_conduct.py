"""A sweep as a whole: the same arguments give the same result, and nothing of the user's changes."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import thalweg as tw
from thalweg.core.config import Config
from thalweg.core.errors import InputError, OutOfRangeError, UnknownNameError
from thalweg.core.events import RunStarted, Sink, silent
from thalweg.core.plain import dumps
from thalweg.core.run import Outcome, Run
from thalweg.execute import Gate, Job, batched, sequential
from thalweg.problems import Problem
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.result import SweepResult

RATES = {"lr": log(1e-3, 10)}
BEST = Config(keep="best")


def plain(result: SweepResult) -> dict[str, Any]:
    """The result without times, and without who did it and what they said."""
    found = json.loads(dumps(result.to_json()))
    for name in ("seconds", "executor", "environment"):
        del found[name]
    for cost in (found["spent"], found["saved"], *found["trials"], *found["screened"], *found["finals"]):
        del cost["seconds"]
        cost.pop("message", None)
    for run in found["finals"]:
        for epoch in run["epochs"]:
            del epoch["seconds"]
    return found


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"sampler": "tpe", "halving": False},
        {"sampler": "tpe"},
        {"sampler": "grid", "repeats": 2, "trials": 5},
        {"fraction": 0.5},
    ],
)
def test_the_same_arguments_give_the_same_result_whatever_the_executor(
    how: dict[str, Any], bowl: Problem, replayed: Any
) -> None:
    settings: dict[str, Any] = {"trials": 9, "seeds": 2, "threads": 1, **how}
    stopped = sweep(bowl, "sgd", RATES, **settings)
    recomputed = sweep(bowl, "sgd", RATES, executor=replayed, **settings)
    assert plain(stopped) == plain(recomputed)
    assert (stopped.executor, recomputed.executor) == ("sequential", "Replayed")


@pytest.mark.parametrize("how", [{}, {"sampler": "tpe"}, {"fraction": 0.5}])
def test_a_cohort_tries_drops_and_recommends_the_same(how: dict[str, Any], bowl: Problem) -> None:
    alone, together = (
        sweep(bowl, "sgd", RATES, trials=12, seeds=2, threads=1, executor=executor, **how)
        for executor in (sequential, batched)
    )
    assert together.executor == "batched"
    assert together.recommendation == alone.recommendation
    for one, other in zip(alone.trials, together.trials, strict=True):
        assert (one.config, one.outcome, one.steps) == (other.config, other.outcome, other.steps)
        assert one.metric == pytest.approx(other.metric, rel=1e-5, nan_ok=True)


def test_the_rate_of_a_quadratic_is_found_with_its_basin(bowl: Problem) -> None:
    result = sweep(bowl, "sgd", RATES, trials=24, seeds=5, threads=1)
    assert 0.05 < result.best.hyper["lr"] < 0.2  # it diverges above 2 / 10
    assert result.band is not None
    assert result.band.low < result.band.mean < result.band.high
    assert result.basin is None or result.basin.low <= result.best.hyper["lr"] <= result.basin.high < 0.21
    assert result.edges == ()
    assert result.importance == {"lr": 1.0}
    assert {trial.outcome for trial in result.trials} >= {Outcome.DIVERGED, Outcome.PRUNED, Outcome.COMPLETED}


def test_fit_trains_exactly_the_best(blobs: Problem) -> None:
    result = sweep(blobs, "sgd", {"lr": log(1e-4, 1e3)}, trials=9, seeds=2, threads=1)
    run = tw.fit(blobs, result.best, threads=1)
    (best,) = [trial for trial in result.trials if trial.config == result.best]
    assert run.config == result.best
    assert (run.valid["accuracy"], run.valid["loss"], run.steps) == (best.metric, best.loss, best.steps)
    again = tw.fit(blobs, result.best.replace(seed=result.seeds[0]), threads=1)
    assert again.valid == result.finals[0].valid


def test_an_optimum_at_the_edge_is_no_recommendation(bowl: Problem) -> None:
    result = sweep(bowl, "sgd", {"lr": log(1e-4, 1e-2)}, trials=9, seeds=2, threads=1)
    assert result.recommendation is None
    assert result.edges[0].end == "high"
    assert json.loads(dumps(result.to_json()))["best"] is None
    with pytest.raises(InputError, match=r"edge of your range(?s:.)*widen the range of lr to 0.0001:0.1"):
        _ = result.best


def test_nan_in_every_trial_is_a_finding_with_advice(bowl: Problem) -> None:
    result = sweep(bowl, "sgd", {"lr": log(1e6, 1e9)}, trials=9, seeds=2, threads=1)
    assert {trial.outcome for trial in result.trials} == {Outcome.DIVERGED}
    assert result.finals == ()
    with pytest.raises(InputError, match=r"all of them diverged(?s:.)*factor of 1000"):
        _ = result.best


def test_a_setting_that_breaks_down_on_fresh_seeds_gives_way(blobs: Problem) -> None:
    def unlucky(jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None) -> list[Run]:
        runs = sequential(jobs, sink, gate=gate)
        fatal = [run for run in runs if run.config.seed == 2 and run.config.hyper["lr"] == best.hyper["lr"]]
        return [replace(run, outcome=Outcome.DIVERGED) if run in fatal else run for run in runs]

    settings: dict[str, Any] = {"trials": 6, "seeds": 2, "halving": False, "threads": 1}
    rates = {"lr": log(1e-4, 1e3)}
    best = sweep(blobs, "sgd", rates, **settings).best
    second = sweep(blobs, "sgd", rates, executor=unlucky, **settings)
    assert second.best.hyper["lr"] != best.hyper["lr"]
    assert len(second.finals) == 4


def test_several_optimizers_and_settings_at_once(blobs: Problem) -> None:
    space = {
        "momentum": uniform(0.5, 0.95),
        "batch_size": choice(16, 30),
        "schedule": choice("constant", "linear"),
    }
    result = sweep(blobs, ["adam", "momentum"], space, trials=8, seeds=2, threads=1)
    assert {trial.config.optimizer for trial in result.trials} == {"adam", "momentum"}
    assert all(("momentum" in trial.values) == (trial.config.optimizer == "momentum") for trial in result.trials)
    assert result.importance is None or set(result.importance) == set(result.space.names)


def test_presets_and_run_ids(bowl: Problem) -> None:
    heard: list[str] = []
    listen = lambda event: heard.append(event.run_id) if isinstance(event, RunStarted) else None  # noqa: E731
    base = Config(epochs=2, keep="best")
    result = sweep(bowl, "sgd", preset="deepobs", base=base, threads=1, sink=listen)
    assert len(result.trials) == 36
    assert result.trials[0].config.hyper["lr"] == 1e-5
    assert result.trials[35].config.hyper["lr"] == 100
    assert len(set(heard)) == len(heard) == 46
    assert {f"trial-{i:03}" for i in range(36)} < set(heard)
    assert heard[-1].endswith("/seed-10")


def test_screening_drops_two_thirds_on_a_part_of_the_data(blobs: Problem) -> None:
    result = sweep(blobs, "sgd", {"lr": log(1e-4, 1e3)}, trials=9, seeds=2, fraction=0.5, narrow=False, threads=1)
    assert len(result.screened) == 9
    dropped = [trial for trial in result.trials if trial.fraction == 0.5]
    assert len(dropped) == 6
    assert all(trial.steps < 9 * 6 for trial in result.screened)
    assert result.saved.steps > 0


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_what_was_spent_and_saved_adds_up_to_all_runs_to_the_end(
    optimizer: str, blobs: Problem, replayed: Any
) -> None:
    result = sweep(blobs, optimizer, trials=9, seeds=2, narrow=False, executor=replayed, threads=1)
    to_the_end = sum(run.steps for run in replayed.full.values())
    assert result.spent.steps + result.saved.steps == to_the_end


def test_nothing_of_the_users_changes(blobs: Problem) -> None:
    model = nn.Linear(4, 3)
    torch.manual_seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state(), torch.get_num_threads()  # noqa: NPY002
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    sweep(blobs, "adam", trials=9, seeds=2, sampler="tpe")
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])
    assert torch.get_num_threads() == before[3]
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_an_interruption_keeps_what_ended(bowl: Problem) -> None:
    def interrupted(jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None) -> list[Run]:
        return sequential(jobs, sink, gate=gate)[1:-1]

    result = sweep(bowl, "sgd", RATES, trials=8, seeds=2, narrow=False, executor=interrupted, threads=1)
    assert [trial.name for trial in result.trials] == [f"trial-{i:03}" for i in range(1, 7)]
    assert result.recommendation is None
    assert "6 of 8 trials" in result.missing[0]
    with pytest.raises(InputError, match="Interrupted"):
        _ = result.best


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"trials": 0}, InputError),
        ({"seeds": 0}, InputError),
        ({"repeats": True}, InputError),
        ({"sampler": "soboll"}, UnknownNameError),
        ({"preset": "deepob"}, UnknownNameError),
        ({"eta": 1}, InputError),
        ({"least": 0}, InputError),
        ({"fraction": 1.5}, InputError),
        ({"optimizer": "adma"}, UnknownNameError),
        ({"space": {"lrr": log(1e-3, 1)}}, UnknownNameError),
        ({"space": {"momentum": uniform(0, 2)}, "optimizer": "momentum"}, OutOfRangeError),
        ({"space": {"schedule": choice("constant", "cosin")}}, UnknownNameError),
        ({"space": {"schedule": choice(*"abc")}, "sampler": "grid", "trials": 2}, InputError),
        ({"base": Config(schedules={"beta1": ("linear", {"end": 1.5, "over": 1.0})})}, OutOfRangeError),
        ({"base": Config(hyper={"lr": 0.1})}, InputError),
    ],
)
def test_bad_input_is_found_before_the_first_run(
    how: dict[str, Any], error: type[Exception], bowl: Problem
) -> None:
    def never(jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None) -> list[Run]:
        raise AssertionError("a run began")

    with pytest.raises(error):
        sweep(bowl, **how, executor=never)


def test_every_batch_size_is_tried_out_before_the_first_run(blobs: Problem) -> None:
    normed = Problem(**{**vars(blobs), "model": lambda: nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3))})
    with pytest.raises(tw.ThalwegError, match="last batch"):
        sweep(normed, "adam", {"batch_size": choice(30, 89)}, trials=2)


def test_a_file_gives_the_result_back(bowl: Problem) -> None:
    result = sweep(bowl, "sgd", {"lr": log(1e-3, 10)}, trials=9, seeds=2, threads=1)
    again = SweepResult.from_json(json.loads(dumps(result.to_json())))
    assert dumps(again.to_json()) == dumps(result.to_json())
    assert again.space == result.space
    with pytest.raises(InputError, match="another format"):
        SweepResult.from_json({**result.to_json(), "format": 99})


def test_a_file_of_an_older_version_is_read(bowl: Problem) -> None:
    result = sweep(bowl, "sgd", {"lr": log(1e-4, 1e-2)}, trials=9, seeds=2, threads=1)
    old = json.loads(dumps(result.to_json()))
    del old["has_test"], old["edge_of_range"][0]["untried"]
    again = SweepResult.from_json(old)
    assert (again.edges, again.has_test, result.has_test) == (result.edges, True, False)


def test_the_band_holds_fresh_seeds(blobs: Problem) -> None:
    result = sweep(blobs, "sgd", {"lr": log(1e-4, 1e3)}, trials=3, seeds=5, threads=1)
    assert result.band is not None
    values = [run.valid["accuracy"] for run in result.finals]
    assert result.band.mean == pytest.approx(np.mean(values))
    assert math.isfinite(result.band.low)
    assert not {run.config.seed for run in result.finals} & {trial.config.seed for trial in result.trials}


def test_the_package_is_the_verb(bowl: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    made: Callable[..., SweepResult] = tw.sweep
    result = made(bowl, "sgd", {"lr": tw.log(1e-3, 10)}, trials=6, seeds=2, threads=1)
    result.show()
    assert "bowl" in capsys.readouterr().out
