"""The ladder of rates, and the set-ups that are taken from it."""

from __future__ import annotations

from functools import partial

import pytest
from torch import nn
from torch.optim import SGD, Adam

from thalweg.check.experiments.ladder import RUNG, Ladder, good, ladder, own_good
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee


def test_the_ends_are_those_of_runs_at_the_rates(digits_with):
    given = digits_with(optimizer=partial(SGD, lr=0.05))
    found = ladder(Subject(given))
    assert found.rate == 0.05
    assert list(found.ends) == sorted(found.ends)
    for factor, end in [*list(found.ends.items())[:2], (1.0, found.ends[1.0])]:
        losses = Trainee(given.replace(rate=factor), seed=0).train(found.steps, judge=False).losses
        assert end == pytest.approx(sum(losses[-20:]) / 20)


def test_it_reaches_beyond_a_rate_that_diverges(digits_with):
    found = ladder(Subject(digits_with(optimizer=partial(SGD, lr=100.0))))
    assert found.best < 0.02
    assert found.progress(1.0) < 0.5
    assert found.progress(found.best) > 0.9


def test_there_is_none_without_a_rate(digits_with):
    assert ladder(Subject(digits_with(optimizer=lambda parameters: SGD(parameters, lr=0.0)))) is None


def test_good_set_ups(digits_with):
    healthy = digits_with(optimizer=partial(SGD, lr=0.1))
    assert good(Subject(healthy)) is healthy
    low = Subject(digits_with(optimizer=partial(SGD, lr=1e-4)))
    assert good(low).rate > 100
    assert own_good(low).rate == good(low).rate
    stuck = Subject(digits_with(optimizer=partial(SGD, lr=0.1, weight_decay=10.0)))
    assert good(stuck).factory.func is Adam
    assert own_good(stuck).factory is stuck.setup.factory


def test_progress_is_counted_from_chance_on():
    found = Ladder(
        rate=0.1, steps=10, start=2.0, ends={1.0: 1.0, RUNG: 0.5, 10.0: float("inf")}, reference={0.01: 0.0}
    )
    assert found.best == RUNG
    assert [found.progress(factor) for factor in found.ends] == [0.5, 0.75, 0.0]
    assert found.learns
    assert not Ladder(rate=1, steps=1, start=2.0, ends={1.0: 1.95}, reference={}).learns


def test_the_user_of_adam_is_its_own_reference(digits_with):
    assert not ladder(Subject(digits_with(optimizer=partial(Adam, lr=1e-3)))).reference
    assert set(ladder(Subject(digits_with(optimizer=partial(SGD, lr=0.1)))).reference) == {1e-3, 1e-2}


def test_a_model_of_few_updates(digits_with):
    found = ladder(Subject(digits_with(epochs=1, batch_size=500, model=lambda: nn.Linear(64, 10))))
    assert found.steps == 3
