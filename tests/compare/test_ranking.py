"""From runs to a ranking: scripted runs, so that the right answer is known beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import nn

from thalweg.compare.conduct import compare
from thalweg.compare.result import Comparison
from thalweg.core.config import Config
from thalweg.core.events import Event, RunEnded, RunStarted, Sink
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute import Executor, Job, sequential
from thalweg.optim import optimizers
from thalweg.problems import Problem

Script = Callable[[Job], dict[str, Any]]
NAN = math.nan


def problem(*, regression: bool = False, target: float | None = None) -> Problem:
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    if regression:
        y, loss, model = x.sum(1, keepdim=True), nn.MSELoss(), lambda: nn.Linear(4, 1)
    else:
        y, loss, model = torch.arange(60) % 2, nn.CrossEntropyLoss(), lambda: nn.Linear(4, 2)
    return Problem(name="toy", model=model, loss=loss, train=(x, y), test=(x, y), target=target)


def scripted(script: Script, *, stop_after: int | None = None) -> Executor:
    """Runs that are written, not trained; `stop_after` of them in all, as if Ctrl-C had been hit."""
    done: list[Run] = []

    def execute(jobs: Sequence[Job], sink: Sink) -> list[Run]:
        runs: list[Run] = []
        for job in jobs:
            if len(done) == stop_after:
                break
            blank = {"problem": "toy", "config": job.config, "outcome": Outcome.COMPLETED, "epochs": ()}
            runs.append(Run(**{**blank, **script(job)}))
            done.append(runs[-1])
        return runs

    return execute


def number(job: Job) -> int:
    """The number of a trial, or the seed of a final run."""
    return int(job.run_id.rpartition("-")[2])


def tuned(script: Script, *, trials: int = 4, **settings: Any) -> Comparison:
    return compare(problem(**settings), ["sgd"], trials=trials, seeds=2, executor=scripted(script))


def best_trial(found: Comparison) -> int:
    return [run.config for run in found.trials].index(Config.from_json(found.ranking[0].config))


@pytest.mark.parametrize(
    ("valid", "best"),
    [
        ([(0.7, 0.1), (0.9, 0.5), (0.8, 0.2), (0.6, 0.0)], 1),  # the objective decides
        ([(0.9, 0.5), (0.9, 0.4), (0.9, 0.3), (0.8, 0.0)], 2),  # then the loss
        ([(NAN, 0.1), (0.9, NAN), (NAN, NAN), (0.1, 9.0)], 3),  # what is not a number never wins
    ],
)
def test_the_best_trial_is_that_of_validation(valid: list[tuple[float, float]], best: int) -> None:
    def script(job: Job) -> dict[str, Any]:
        accuracy, loss = (0.5, 0.5) if job.test else valid[number(job)]
        return {"valid": {"accuracy": accuracy, "loss": loss}, "test": {"accuracy": 0.5, "loss": 0.5}}

    assert best_trial(tuned(script)) == best


@pytest.mark.parametrize("regression", [False, True])
def test_a_trial_that_diverged_never_wins(regression: bool) -> None:
    def script(job: Job) -> dict[str, Any]:
        lost = not job.test and number(job) in (0, 2)
        scores = {"accuracy": 0.99 if lost else 0.5, "loss": 0.01 if lost else 0.7 - 0.1 * number(job)}
        return {"valid": scores, "test": scores, "outcome": Outcome.DIVERGED if lost else Outcome.COMPLETED}

    found = tuned(script, regression=regression)
    assert best_trial(found) == 3
    assert found.ranking[0].diverged == 2


@pytest.mark.parametrize(("place", "edge"), [(0, "low"), (1, None), (6, None), (7, "high")])
def test_a_best_rate_at_the_end_of_those_tried_is_flagged(place: int, edge: str | None) -> None:
    rates: list[float] = []

    def script(job: Job) -> dict[str, Any]:
        rates.append(job.config.hyper["lr"])
        return {"valid": {"accuracy": 0.5, "loss": 0.5}}

    tuned(script, trials=8)
    wanted = sorted(rates[:8])[place]

    def one_good(job: Job) -> dict[str, Any]:
        return {"valid": {"accuracy": 0.9 if job.config.hyper["lr"] == wanted else 0.5, "loss": 0.5}}

    assert tuned(one_good, trials=8).ranking[0].edge_of_range == edge


def test_a_single_trial_has_no_edge() -> None:
    found = tuned(lambda job: {"valid": {"accuracy": 0.5, "loss": 0.5}}, trials=1)
    assert found.ranking[0].edge_of_range is None


def curve(*accuracies: float) -> dict[str, Any]:
    rows = enumerate(accuracies, start=1)
    epochs = tuple(
        Epoch(number=i, step=10 * i, seconds=0.5 * i, lr=0.1, train_loss=1.0, valid={"accuracy": a, "loss": 1.0})
        for i, a in rows
    )
    return {"epochs": epochs, "valid": epochs[-1].valid, "seconds": epochs[-1].seconds}


def test_steps_to_target_are_the_mean_over_the_seeds_that_got_there() -> None:
    def script(job: Job) -> dict[str, Any]:
        return curve(0.1, 0.2, 0.3) if not job.test or number(job) == 2 else curve(0.1, 0.8, 0.7)

    row = tuned(script, target=0.8).ranking[0]
    assert (row.steps_to_target, row.seconds_to_target, row.reached, row.seconds) == (20, 1.0, 1, 1.5)
    never = tuned(script, target=0.9).ranking[0]
    assert (never.steps_to_target, never.seconds_to_target, never.reached) == (None, None, 0)
    assert tuned(script).ranking[0].steps_to_target is None


FINALS = {"sgd": [0.50, 0.53, 0.51], "adam": [0.10, 0.12, 0.11], "momentum": [0.101, 0.119, 0.12]}


def finals(job: Job, scores: dict[str, list[float]] = FINALS) -> dict[str, Any]:
    valid = {"accuracy": 0.5, "loss": 0.5}
    if not job.test:
        return {"valid": valid}
    score = scores[job.config.optimizer][number(job) - 1]
    return {"valid": valid, "test": {"accuracy": score, "loss": score}}


@pytest.mark.parametrize(
    ("regression", "order", "told"),
    [(False, ["sgd", "momentum", "adam"], [True, True]), (True, ["adam", "momentum", "sgd"], [False, True])],
)
def test_ranks_and_pairs_follow_the_direction_of_the_metric(
    regression: bool, order: list[str], told: list[bool]
) -> None:
    found = compare(problem(regression=regression), [*FINALS], trials=2, seeds=3, executor=scripted(finals))
    assert (found.metric, found.higher_is_better) == (("loss", False) if regression else ("accuracy", True))
    assert [standing.optimizer for standing in found.ranking] == order
    assert [standing.rank for standing in found.ranking] == [1, 2, 3]
    assert found.ranking[0].test.mean == pytest.approx(sum(FINALS[order[0]]) / 3)
    assert [(pair.leader, pair.other) for pair in found.pairs] == [(order[0], name) for name in order[1:]]
    assert [pair.distinct for pair in found.pairs] == told
    assert all((pair.difference > 0) is not regression for pair in found.pairs)
    assert [standing.search for standing in found.ranking] == [optimizers[name].rule.search for name in order]


@pytest.mark.parametrize("ruin", [NAN, math.inf])
def test_one_that_cannot_be_scored_comes_last(ruin: float) -> None:
    scores = {**FINALS, "adam": [0.0, ruin, 0.0]}
    made = scripted(lambda job: finals(job, scores))
    found = compare(problem(regression=True), [*FINALS], trials=1, seeds=3, executor=made)
    assert [standing.optimizer for standing in found.ranking] == ["momentum", "sgd", "adam"]
    assert math.isnan(found.pairs[1].p)
    assert found.pairs[0].distinct


def test_an_interruption_while_tuning_keeps_the_trials_and_ranks_nobody() -> None:
    found = compare(problem(), [*FINALS], trials=4, seeds=3, executor=scripted(finals, stop_after=5))
    assert (len(found.trials), found.finals, found.ranking, found.pairs) == (5, (), (), ())
    assert "5 of 12 trials" in found.missing[0]


def test_an_interruption_in_the_final_runs_ranks_who_has_all_seeds() -> None:
    found = compare(problem(), [*FINALS], trials=2, seeds=3, executor=scripted(finals, stop_after=6 + 3 + 1))
    assert (len(found.trials), len(found.finals)) == (6, 4)
    assert [standing.optimizer for standing in found.ranking] == ["sgd"]
    assert found.pairs == ()
    assert "4 of 9" in found.missing[0]
    assert "adam, momentum" in found.missing[1]


def test_nothing_is_missing_if_all_was_done() -> None:
    assert compare(problem(), [*FINALS], trials=2, seeds=3, executor=scripted(finals)).missing == ()


@pytest.mark.parametrize("moment", [RunStarted, RunEnded])
def test_ctrl_c_keeps_what_was_trained(moment: type[Event]) -> None:
    heard: list[Event] = []

    def interrupting(event: Event) -> None:
        heard.append(event)
        if sum(isinstance(one, moment) for one in heard) == 3 and isinstance(event, moment):
            raise KeyboardInterrupt

    found = compare(problem(), ["sgd"], trials=4, seeds=2, base=Config(epochs=1), sink=interrupting)
    assert len(found.trials) == 2
    assert "2 of 4 trials" in found.missing[0]


def test_the_sink_hears_of_every_run_under_its_own_name() -> None:
    heard: list[Event] = []
    compare(problem(), ["sgd"], trials=2, seeds=1, base=Config(epochs=1), executor=sequential, sink=heard.append)
    names = [event.run_id for event in heard if isinstance(event, RunEnded)]
    assert names == ["sgd/trial-0", "sgd/trial-1", "sgd/seed-1"]
