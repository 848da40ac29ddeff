"""The basin is what the seeds' noise cannot tell from the best, around the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from thalweg.core.run import Outcome, Run
from thalweg.problems import accuracy
from thalweg.sweep.basin import basin, is_early, within_noise
from thalweg.sweep.dimensions import log, uniform
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

Make = Callable[..., Trial]
Finals = Callable[..., list[Run]]
SPACE = Space.of(["adam"], {"lr": log(1e-5, 1)})


def test_noise_is_students_prediction_of_one_more_seed(trial: Make, finals: Finals) -> None:
    values = [0.90, 0.91, 0.92, 0.89, 0.90]
    bound = np.mean(values) - stats.t.ppf(0.975, 4) * np.std(values, ddof=1) * math.sqrt(1 + 1 / 5)
    seeds = finals(*values)
    assert within_noise(trial(metric=bound + 1e-4), seeds, accuracy)
    assert not within_noise(trial(metric=bound - 1e-4), seeds, accuracy)


def test_95_of_100_seeds_of_the_best_itself_are_within_noise(trial: Make, finals: Finals) -> None:
    drawn = np.random.default_rng(1).normal(0.9, 0.01, (600, 6))
    inside = [within_noise(trial(metric=row[0], epochs=1), finals(*row[1:]), accuracy) for row in drawn.tolist()]
    assert 0.955 < np.mean(inside) < 0.99  # the bound is one-sided: 97.5 %


def test_a_dropped_trial_is_held_against_the_best_as_it_was_then(trial: Make, finals: Finals) -> None:
    seeds = finals(0.9, 0.91, 0.92)
    assert within_noise(trial(metric=0.9, outcome=Outcome.PRUNED, epochs=3), seeds, accuracy)
    assert not within_noise(trial(metric=0.9, outcome=Outcome.PRUNED, epochs=2), seeds, accuracy)
    assert not within_noise(trial(metric=0.9, outcome=Outcome.DIVERGED), seeds, accuracy)
    assert not within_noise(trial(metric=0.9, fraction=0.5), seeds, accuracy)


@pytest.mark.parametrize(("length", "least"), [(4, 3), (9, 3), (20, 6)])
def test_what_was_dropped_in_its_first_epochs_tells_nothing(
    length: int, least: int, trial: Make, finals: Finals
) -> None:
    seeds = [
        replace(run, epochs=tuple(replace(run.epochs[0], number=i + 1) for i in range(length)))
        for run in finals(0.9, 0.91)
    ]
    for epochs, early in ((least - 1, True), (least, False)):
        assert is_early(trial(outcome=Outcome.PRUNED, epochs=epochs), seeds) == early
        assert not is_early(trial(outcome=Outcome.COMPLETED, epochs=epochs), seeds)
    assert is_early(trial(fraction=0.5), seeds)


def at(rates: list[float], scores: list[float], trial: Make) -> list[Trial]:
    return [
        trial(name=f"trial-{i}", lr=lr, metric=score)
        for i, (lr, score) in enumerate(zip(rates, scores, strict=True))
    ]


def test_it_reaches_to_the_first_rate_that_is_worse(trial: Make, finals: Finals) -> None:
    trials = at([1e-4, 1e-3, 1e-2, 0.1, 0.5, 0.9], [0.9, 0.2, 0.895, 0.9, 0.3, 0.9], trial)
    found = basin(trials[3], trials, finals(0.89, 0.90, 0.91), accuracy, SPACE)
    assert found is not None
    assert (found.low, found.high, found.rates) == (1e-2, 0.1, 2)
    assert (found.open_low, found.open_high) == (False, False)


def test_a_basin_that_reaches_the_last_rate_is_open(trial: Make, finals: Finals) -> None:
    trials = at([1e-2, 0.1, 0.5], [0.2, 0.9, 0.9], trial)
    found = basin(trials[1], trials, finals(0.89, 0.90, 0.91), accuracy, SPACE)
    assert found is not None
    assert (found.low, found.high, found.open_low, found.open_high) == (0.1, 0.5, False, True)


def test_beside_other_settings_it_spans_all_good_rates(trial: Make, finals: Finals) -> None:
    trials = at([1e-3, 1e-2, 0.1], [0.9, 0.2, 0.9], trial)
    space = Space.of(["adam"], {"lr": log(1e-5, 1), "beta1": uniform(0.5, 0.9)})
    found = basin(trials[2], trials, finals(0.89, 0.90, 0.91), accuracy, space)
    assert found is not None
    assert (found.low, found.high) == (1e-3, 0.1)


def test_a_rate_counts_once_however_often_it_was_tried(trial: Make, finals: Finals) -> None:
    trials = at([1e-3, 1e-2, 1e-2, 0.1], [0.2, 0.9, 0.3, 0.2], trial)
    space = Space.of(["adam"], {"lr": log(1e-5, 1), "beta1": uniform(0.5, 0.9)})
    found = basin(trials[1], trials, finals(0.89, 0.90, 0.91), accuracy, space)
    assert found is not None
    assert (found.low, found.high, found.rates, found.open_low, found.open_high) == (1e-2, 1e-2, 1, False, False)


def test_a_rate_that_was_screened_out_was_tried(trial: Make, finals: Finals) -> None:
    trials = at([1e-2, 0.1, 0.5], [0.9, 0.9, 0.2], trial)
    trials[2] = replace(trials[2], fraction=0.25)
    found = basin(trials[1], trials, finals(0.89, 0.90, 0.91), accuracy, SPACE)
    assert found is not None
    assert (found.high, found.open_low, found.open_high) == (0.1, True, False)


@pytest.mark.parametrize("count", [0, 1])
def test_without_seeds_there_is_no_noise_and_no_basin(count: int, trial: Make, finals: Finals) -> None:
    assert basin(trial(), [trial()], finals(*[0.9] * count), accuracy, SPACE) is None
