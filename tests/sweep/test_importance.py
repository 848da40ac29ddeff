"""What decides the ranks is important, what does not is not, and the same trials give the same shares."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from thalweg.core.config import Config
from thalweg.core.run import Outcome
from thalweg.problems import accuracy
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.importance import importance
from thalweg.sweep.sobol import sobol
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

Make = Callable[..., Trial]
SPACE = Space.of(
    ["momentum"], {"lr": log(1e-4, 1), "momentum": uniform(0, 0.9), "schedule": choice("constant", "step")}
)


def trials(weights: tuple[float, float, float], trial: Make, n: int = 32) -> list[Trial]:
    made: list[Trial] = []
    for point in sobol(n, 3, 0):
        config = SPACE.config(point, Config())
        score = sum(weight * place for weight, place in zip(weights, SPACE.point(config), strict=True))
        made.append(trial(config=config, point=SPACE.point(config), metric=score))
    return made


@pytest.mark.parametrize(
    ("weights", "first"), [((1, 0.2, 0), "lr"), ((0.1, 1, 0), "momentum"), ((0, 0.1, 1), "schedule")]
)
def test_the_setting_that_decides_comes_first(
    weights: tuple[float, float, float], first: str, trial: Make
) -> None:
    found = importance(trials(weights, trial), SPACE, accuracy)
    assert found is not None
    assert next(iter(found)) == first
    assert found[first] > 0.5
    assert sum(found.values()) == pytest.approx(1)
    assert importance(trials(weights, trial), SPACE, accuracy) == found


def test_diverged_trials_are_ranks_like_others(trial: Make) -> None:
    made = trials((1, 0.1, 0), trial)
    lost = [
        trial(config=one.config, point=one.point, metric=math.nan, outcome=Outcome.DIVERGED)
        if one.metric > 0.8
        else one
        for one in made
    ]
    found = importance(lost, SPACE, accuracy)
    assert found is not None
    assert next(iter(found)) == "lr"


def test_what_explains_nothing_has_no_shares(trial: Make) -> None:
    assert importance(trials((1, 1, 1), trial, n=4), SPACE, accuracy) is None
    assert importance(trials((0, 0, 0), trial), SPACE, accuracy) is None
    assert importance([], Space.of(["adam"]), accuracy) == {"lr": 1.0}
