"""Hurt: a faulty set-up and its repaired twin trained alike, and whether the twin is better beyond noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean

from tests.faults.case import Faulty, Healthy
from thalweg.check.setup import Setup
from thalweg.check.trainee import Trainee
from thalweg.data.batches import Split

SEEDS = 4
"""Runs on either side: that all of one beat all of the other is chance in 1 of 70 cases."""

LEAST = 0.01
"""What the difference comes to at least, relative to the twin's score: less hurts nobody."""


@dataclass(frozen=True, kw_only=True)
class Harm:
    """The scores of both, seed by seed; higher is better, and what cannot be trained has minus infinity."""

    faulty: tuple[float, ...]
    repaired: tuple[float, ...]

    @property
    def lost(self) -> float:
        """By how much the faulty one is worse, on the mean."""
        return fmean(self.repaired) - fmean(self.faulty)

    @property
    def beyond_noise(self) -> bool:
        """Whether every run of the twin beats every faulty one, on the mean by more than a trifle."""
        apart = min(self.repaired) > max(self.faulty)
        return apart and self.lost > LEAST * abs(fmean(self.repaired))


def harm(case: Faulty, seeds: int = SEEDS) -> Harm:
    """Train both for the epochs of each, with the same seeds.

    Both are judged by the objective on the test split of the twin where it has one, else each on its own
    validation split. Leakage hurts otherwise: validation promises more than clean data keep; that is judged.
    """
    pair = case.make()
    clean = pair[1].problem.test
    leaks = case.fault == "data_leakage"
    assert clean or not leaks, f"{case.name} says not what clean data are"
    rows = [tuple(_judged(setup, seed, clean, leaks) for seed in range(seeds)) for setup in pair]
    return Harm(faulty=rows[0], repaired=rows[1])


@dataclass(frozen=True, kw_only=True)
class Health:
    """What a healthy set-up comes to on validation after training, and what it has to come to."""

    score: float
    reaches: float
    higher_is_better: bool

    @property
    def fine(self) -> bool:
        """Whether it does."""
        return self.score >= self.reaches if self.higher_is_better else self.score <= self.reaches


def health(case: Healthy, seed: int = 0) -> Health:
    """Train a healthy set-up and judge it."""
    setup = case.make()
    score, upward = _judged(setup, seed, None, leaks=False), setup.problem.objective_metric.higher_is_better
    return Health(score=score if upward else -score, reaches=case.reaches, higher_is_better=upward)


def _judged(setup: Setup, seed: int, clean: Split | None, leaks: bool) -> float:
    trainee = Trainee(setup, seed=seed)
    trace = trainee.train(setup.epochs * trainee.learner.steps_per_epoch, judge=False)
    if trace.error:
        return -math.inf
    own, problem = trainee.learner.splits["valid"], setup.problem

    def score(split: Split) -> float:
        with trainee.learner.at_theta(), trainee.learner.own_generators():
            value = problem.evaluate(trainee.model, split)[problem.objective]
        value = value if problem.objective_metric.higher_is_better else -value
        return value if math.isfinite(value) else -math.inf

    if leaks:
        assert clean
        return score(clean) - score(own)
    return score(clean or own)
