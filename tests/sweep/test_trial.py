"""A trial is the mean of its seeds, judged as its runs were, and survives a file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from thalweg.core.plain import dumps
from thalweg.core.run import Outcome, Run
from thalweg.problems import accuracy
from thalweg.sweep.trial import Trial, from_runs, judged

Make = Callable[..., Trial]
Finals = Callable[..., list[Run]]
KNOWN = {"name": "trial-000", "round": 0, "values": {"lr": 0.01}, "point": (0.6,)}


def test_it_is_the_mean_of_its_seeds(finals: Finals) -> None:
    made = from_runs(finals(0.8, 0.9), accuracy, **KNOWN)
    assert (made.metric, made.loss, made.steps, made.epochs) == pytest.approx((0.85, 0.15, 180, 9))
    assert made.curve == pytest.approx((0.85,) * 9)
    assert made.is_whole


def test_one_broken_seed_breaks_it(finals: Finals) -> None:
    fine, lost = finals(0.8, 0.9)
    made = from_runs([fine, replace(lost, outcome=Outcome.DIVERGED, message="boom")], accuracy, **KNOWN)
    assert (made.outcome, made.message, math.isnan(made.metric), made.is_whole) == (
        Outcome.DIVERGED,
        "boom",
        True,
        False,
    )


def test_the_curve_says_what_the_run_would_be_judged_by(finals: Finals, curves: Callable[..., object]) -> None:
    (run,) = finals(0.5)
    moving = replace(run, epochs=curves([0.5, 0.9, 0.7, math.nan]))
    assert judged(moving, accuracy) == [0.5, 0.9, 0.9, 0.9]
    last = judged(replace(moving, config=run.config.replace(keep="last")), accuracy)
    assert last[:3] == [0.5, 0.9, 0.7]
    assert math.isnan(last[3])


def test_who_came_further_stands_higher(trial: Make) -> None:
    whole, late = trial(metric=0.5), trial(metric=0.9, outcome=Outcome.PRUNED, epochs=3)
    early = trial(metric=0.95, outcome=Outcome.PRUNED, epochs=1)
    screened, lost = trial(fraction=0.2, metric=0.99), trial(outcome=Outcome.DIVERGED, metric=math.nan)
    standings = [one.standing(accuracy) for one in (whole, late, early, screened, lost)]
    assert standings == sorted(standings, reverse=True)


def test_a_file_gives_it_back(trial: Make) -> None:
    made = trial(message="fine", fraction=0.25)
    assert Trial.from_json(json.loads(dumps(made.to_json()))) == made
    lost = Trial.from_json(json.loads(dumps(trial(metric=math.nan, curve=(math.nan,)).to_json())))
    assert math.isnan(lost.metric)
    assert math.isnan(lost.curve[0])
