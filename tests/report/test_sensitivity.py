"""Every trial is somewhere in the figure: on its line, or as a cross among the diverged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from thalweg.compare.result import Comparison
from thalweg.core.run import Outcome
from thalweg.report.seats import seats
from thalweg.report.sensitivity import by_optimizer, figure, score


@pytest.fixture(scope="module")
def spec(comparison: Comparison) -> dict[str, Any]:
    return figure(comparison, seats(by_optimizer(comparison.trials)))


def traces(spec: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Return the line, ring, bar and crosses of an optimizer."""
    kinds = {"circle-open": "ring", "line-ns-open": "bar", "x-thin-open": "crosses"}
    own = [trace for trace in spec["data"] if trace["name"] == name]
    return {kinds.get(trace["marker"]["symbol"], "line"): trace for trace in own}


def test_every_trial_is_shown_once(comparison: Comparison, spec: dict[str, Any]) -> None:
    for name, runs in by_optimizer(comparison.trials).items():
        own = traces(spec, name)
        shown = [*own["line"]["x"], *own.get("crosses", {"x": []})["x"]]
        assert sorted(shown) == sorted(run.config.hyper["lr"] for run in runs)


def test_crosses_are_the_trials_that_diverged(comparison: Comparison, spec: dict[str, Any]) -> None:
    lost = [
        run.config.hyper["lr"]
        for run in comparison.trials
        if run.config.optimizer == "adam" and run.outcome is Outcome.DIVERGED
    ]
    assert lost
    assert traces(spec, "adam")["crosses"]["x"] == sorted(lost)
    assert traces(spec, "adam")["crosses"]["yaxis"] == "y2"


def test_the_ring_is_round_the_best_trial(comparison: Comparison, spec: dict[str, Any]) -> None:
    for standing in comparison.ranking:
        assert traces(spec, standing.optimizer)["ring"]["x"] == [standing.config["hyper"]["lr"]]


def test_the_ring_follows_the_direction_of_the_metric(comparison: Comparison) -> None:
    flipped = figure(replace(comparison, metric="loss", higher_is_better=False), seats(["adam"]))
    own = [run for run in comparison.trials if run.config.optimizer == "adam"]
    best = min((run for run in own if score(run, "loss") is not None), key=lambda run: run.valid["loss"])
    assert traces(flipped, "adam")["ring"]["x"] == [best.config.hyper["lr"]]


def test_the_ends_of_every_search_are_in_view(comparison: Comparison, spec: dict[str, Any]) -> None:
    low, high = (10**end for end in spec["layout"]["xaxis"]["range"])
    for standing in comparison.ranking:
        assert traces(spec, standing.optimizer)["bar"]["x"] == list(standing.search)
        assert low < standing.search[0] < standing.search[1] < high


def test_plotly_takes_the_specification(spec: dict[str, Any]) -> None:
    assert len(go.Figure(spec).data) == len(spec["data"])


def test_when_all_diverged_only_crosses_are_left(comparison: Comparison) -> None:
    lost = tuple(replace(run, outcome=Outcome.DIVERGED) for run in comparison.trials[:16])
    found = figure(replace(comparison, trials=lost), seats(["sgd"]))
    assert set(traces(found, "sgd")) == {"bar", "crosses"}


def test_the_interval_of_an_optimizer_that_was_never_ranked_is_not_guessed(comparison: Comparison) -> None:
    found = figure(replace(comparison, ranking=()), seats(["sgd", "adam"]))
    assert set(traces(found, "adam")) == {"line", "ring", "crosses"}


def test_trials_without_a_learning_rate_give_no_figure(comparison: Comparison) -> None:
    run = comparison.trials[0]
    bare = replace(run, config=run.config.replace(hyper={}))
    assert figure(replace(comparison, trials=(bare,)), seats(["sgd"]))["data"] == []
