"""Successive halving: places and stops by the paper, ranks by the score, and ends as full curves say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.run import Outcome
from thalweg.execute import Job, sequential
from thalweg.problems import Problem, accuracy
from thalweg.sweep.halving import Halving

Curves = Callable[..., Any]


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([2, 3, 4, 2.5]), st.integers(1, 5))
def test_stops_ascend_and_places_shrink(trials: int, epochs: int, eta: float, least: int) -> None:
    halving = Halving(trials, epochs, accuracy, keeps_best=True, eta=eta, least=least)
    stops, places = halving.stops, list(halving.places.values())
    assert list(stops) == sorted(set(stops))
    assert all(least <= stop < epochs for stop in stops)
    assert all(1 <= place < trials for place in places)
    assert places == sorted(places, reverse=True)


def test_stops_and_places_are_hyperbands() -> None:
    """Li et al. 2018, table 1, bracket s = 4: R = 81, eta = 3."""
    halving = Halving(81, 81, accuracy, keeps_best=False)
    assert list(halving.places.items()) == [(1, 27), (3, 9), (9, 3), (27, 1)]


def test_the_best_pass_equals_by_name_and_nan_never(curves: Curves) -> None:
    halving = Halving(4, 4, accuracy, keeps_best=False, eta=2)
    (stop, place), *_ = halving.places.items()
    assert (stop, place) == (1, 2)
    told = {"d": curves([0.9]), "c": curves([0.9]), "b": curves([0.9]), "a": curves([math.nan])}
    assert halving.losers(1, told) == {"a", "d"}
    assert halving.losers(1, dict(reversed(told.items()))) == {"a", "d"}
    assert halving.losers(1, {"a": curves([math.nan]), "b": curves([0.1])}) == {"a"}
    assert halving.losers(1, {name: curves([math.nan]) for name in "ab"}) == {"a", "b"}


def test_runs_are_held_against_each_other_as_they_are_kept(curves: Curves) -> None:
    told = {"rose": curves([0.5, 0.6]), "fell": curves([0.9, 0.1])}
    assert Halving(2, 4, accuracy, keeps_best=True, eta=2).losers(2, told) == {"rose"}
    assert Halving(2, 4, accuracy, keeps_best=False, eta=2).losers(2, told) == {"fell"}


def test_the_seeds_of_a_trial_stay_together(curves: Curves) -> None:
    told = {"a/seed-0": [0.9], "a/seed-1": [0.2], "b/seed-0": [0.6], "b/seed-1": [0.6]}
    halving = Halving(2, 2, accuracy, keeps_best=True, eta=2)
    assert halving.losers(1, {name: curves(values) for name, values in told.items()}) == {"a/seed-0", "a/seed-1"}


def test_a_trial_with_a_seed_that_broke_down_loses_whole(curves: Curves) -> None:
    told = {"a/seed-0": [0.9], "b/seed-0": [0.2], "b/seed-1": [0.2]}
    halving = Halving(2, 2, accuracy, keeps_best=True, eta=2)
    waiting = {name: curves(values) for name, values in told.items()}
    assert halving.losers(1, waiting, {"a/seed-1", "c/seed-0"}) == {"a/seed-0"}
    assert halving.losers(1, waiting) == {"b/seed-0", "b/seed-1"}  # a's other seed stopped early


@pytest.mark.parametrize("unusable", [{"eta": 1}, {"eta": math.inf}, {"least": 0}])
def test_halving_that_cannot_be_done_is_refused(unusable: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Halving"):
        Halving(9, 9, accuracy, keeps_best=True, **unusable)


def test_an_executor_ends_runs_as_full_curves_say(blobs: Problem, replayed: Any) -> None:
    rates = [10 ** (-4 + 5 * i / 8) for i in range(9)]
    configs = [Config(optimizer="sgd", hyper={"lr": lr}, keep="best", epochs=9, batch_size=16) for lr in rates]
    jobs = [Job(f"trial-{i}", blobs, config) for i, config in enumerate(configs)]
    gate = Halving(9, 9, blobs.objective_metric, keeps_best=True)
    assert gate.stops == (1, 3)
    stopped, recomputed = sequential(jobs, gate=gate), replayed(jobs, gate=gate)
    assert [(run.outcome, run.steps, run.valid) for run in stopped] == [
        (run.outcome, run.steps, run.valid) for run in recomputed
    ]
    assert sum(run.outcome is Outcome.COMPLETED for run in stopped) == 1
