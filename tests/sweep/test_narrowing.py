"""The second round lies around the best of the first, and brackets the optimum."""

from __future__ import annotations

import math
from collections.abc import Callable

from thalweg.core.config import Config
from thalweg.core.run import Outcome
from thalweg.problems import accuracy
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.narrowing import narrowed
from thalweg.sweep.sobol import sobol
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

Make = Callable[..., Trial]


def response(lr: float) -> float:
    return 0.9 - 0.05 * math.log10(lr / 0.01) ** 2


def test_one_rate_is_narrowed_to_a_bracket_of_the_optimum(trial: Make) -> None:
    space = Space.of(["adam"], {"lr": log(1e-5, 1)})
    coarse = [space.config(point, Config()).hyper["lr"] for point in sobol(16, 1, 3)]
    tried = [trial(lr=lr, metric=response(lr)) for lr in coarse]
    fine = [space.config(point, Config()).hyper["lr"] for point in narrowed(space, tried, accuracy, 8, 1)]
    assert len(fine) == 8
    assert min(fine) < 0.01 < max(fine)
    assert max(fine) / min(fine) < 100


def test_broken_trials_mark_out_nothing(trial: Make) -> None:
    space = Space.of(["adam"], {"lr": log(1e-5, 1)})
    broken = [trial(lr=lr, outcome=Outcome.DIVERGED, metric=math.nan) for lr in (0.1, 0.5)]
    assert narrowed(space, broken, accuracy, 8, 1) == []
    points = narrowed(space, [*broken, trial(lr=1e-3)], accuracy, 8, 1)
    assert all(space.config(point, Config()).hyper["lr"] < 0.11 for point in points)


def test_choices_are_those_of_the_best_and_each_optimizer_has_its_own_box(trial: Make) -> None:
    space = Space.of(
        ["adam", "momentum"],
        {"lr": log(1e-4, 1), "momentum": uniform(0, 0.9), "schedule": choice("constant", "step", "linear")},
    )
    tried: list[Trial] = []
    for i, point in enumerate(sobol(32, 4, 0)):
        config = space.config(point, Config())
        best = 1e-3 if config.optimizer == "adam" else 0.3
        score = 0.9 - abs(math.log10(config.hyper["lr"] / best)) / 10 - 0.5 * (config.schedule == "step")
        tried.append(trial(name=f"trial-{i}", config=config, point=space.point(config), metric=score))
    configs = [space.config(point, Config()) for point in narrowed(space, tried, accuracy, 16, 2)]
    assert {config.optimizer for config in configs} == {"adam", "momentum"}
    assert "step" not in {config.schedule for config in configs}
    rates = {
        name: [config.hyper["lr"] for config in configs if config.optimizer == name]
        for name in ("adam", "momentum")
    }
    assert max(rates["adam"]) < 0.3
    assert min(rates["momentum"]) > 1e-3
    assert len(rates["adam"]) == len(rates["momentum"]) == 8
