"""Optuna's samplers: the same points for the same seed and answers, and better points as they learn."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from thalweg.core.config import Config
from thalweg.core.run import Outcome
from thalweg.problems import accuracy
from thalweg.sweep.adaptive import GENERATION, adaptive
from thalweg.sweep.dimensions import choice, log
from thalweg.sweep.space import Point, Space
from thalweg.sweep.trial import Trial

Make = Callable[..., Trial]
RATES = Space.of(["adam"], {"lr": log(1e-5, 1)})
MIXED = Space.of(["adam", "sgd"], {"lr": log(1e-5, 1), "schedule": choice("constant", "step")})


def response(lr: float) -> float:
    return 0.9 - 0.02 * math.log10(lr / 0.003) ** 2


def answered(kind: str, space: Space, trials: int, trial: Make, noise: float = 0.0) -> list[Point]:
    search, points = adaptive(kind, space, trials, accuracy, seed=5), list[Point]()
    asked = next(search)
    while True:
        points += asked
        rates = [space.config(point, Config()).hyper["lr"] for point in asked]
        told = [
            trial(
                lr=lr,
                metric=response(lr) * (1 + noise),
                outcome=Outcome.PRUNED if lr < 1e-4 else Outcome.COMPLETED,
            )
            if lr < 0.5
            else trial(lr=lr, metric=math.nan, outcome=Outcome.DIVERGED)
            for lr in rates
        ]
        try:
            asked = search.send(told)
        except StopIteration:
            return points


@pytest.mark.parametrize("kind", ["tpe", "gp", "cmaes"])
def test_the_same_seed_and_answers_give_the_same_points(kind: str, trial: Make) -> None:
    first = answered(kind, RATES, 12, trial)
    assert len(first) == 12
    assert answered(kind, RATES, 12, trial, noise=1e-9) == first


@pytest.mark.parametrize("kind", ["tpe", "gp", "cmaes"])
def test_later_generations_are_better(kind: str, trial: Make) -> None:
    rates = [
        RATES.config(point, Config()).hyper["lr"]
        for point in answered(kind, RATES, 16 if kind == "gp" else 40, trial)
    ]
    off = np.abs(np.log10(np.array(rates) / 0.003))
    assert np.median(off[-GENERATION:]) < np.median(off[:GENERATION])


@pytest.mark.parametrize("kind", ["tpe", "gp", "cmaes"])
def test_choices_are_points_too(kind: str, trial: Make) -> None:
    points = answered(kind, MIXED, 12, trial)
    configs = [MIXED.config(point, Config()) for point in points]
    assert {config.optimizer for config in configs} == {"adam", "sgd"}
    assert {config.schedule for config in configs} == {"constant", "step"}


def test_nothing_usable_at_first_is_no_end(trial: Make) -> None:
    search = adaptive("tpe", RATES, 16, accuracy, 0)
    broken = [trial(metric=math.nan, outcome=Outcome.DIVERGED) for _ in next(search)]
    assert len(search.send(broken)) == GENERATION


def test_it_leaves_the_random_states_alone(trial: Make) -> None:
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    answered("gp", RATES, 10, trial)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[:2]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), states[2])
