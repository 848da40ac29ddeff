"""What runs may cost, what is shared, and set-ups without regularization."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from thalweg.check.budget import OutOfTime, within
from thalweg.check.experiments.course import APART, TRAIN, VALID, course, own_course
from thalweg.check.experiments.longer import Score, scores, worse
from thalweg.check.experiments.runs import pace, planned, trained, unregularized, updates, with_optimizer
from thalweg.check.once import once
from thalweg.check.subject import Subject
from thalweg.check.trainee import Trainee
from thalweg.core.config import Config


def test_measurements_are_made_once_a_subject(digits_with):
    asked = []

    @once
    def measure(subject):
        asked.append(subject)
        return len(asked)

    one, other = Subject(digits_with()), Subject(digits_with())
    assert [measure(one), measure(one), measure(other), measure(one)] == [1, 1, 2, 1]


def test_updates_keep_to_time_plan_and_limits(digits_with):
    subject = Subject(digits_with(epochs=2))
    assert planned(subject) == 2 * 43
    assert updates(subject, seconds=1e9, least=10, most=1000) == 86
    assert updates(subject, seconds=1e9, least=10, most=50) == 50
    assert updates(subject, seconds=0, least=10, most=50) == 10
    assert 0 < pace(subject) < 1


def test_the_trained_copy_is_that_of_the_trace(digits_with):
    subject = Subject(digits_with())
    after = trained(subject).judge()["valid"]["loss"]
    assert after == pytest.approx(subject.trace.after["valid"]["loss"], rel=1e-6)


def net():
    parts = [nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*parts, nn.Linear(32, 10))


def test_nothing_regularizes(digits_with):
    config = Config(optimizer="adam", hyper={"lr": 0.01, "weight_decay": 0.1}, max_norm=1.0, label_smoothing=0.1)
    for optimizer in (config, partial(SGD, lr=0.1, weight_decay=0.1)):
        bare = Trainee(unregularized(digits_with(model=net, optimizer=optimizer, augment=lambda x: 0 * x)), seed=0)
        assert bare.model[2].p == 0
        assert bare.learner.optimizer.param_groups[0]["weight_decay"] == 0
        assert bare.learner.config.max_norm is bare.learner.config.label_smoothing is None
        assert bare.learner.problem.augment is None


def test_another_optimizer_at_its_own_rate(digits_with):
    given = digits_with(optimizer=Config(optimizer="momentum", hyper={"lr": 3.0}, schedule="cosine")).replace(
        rate=5.0
    )
    optimizer = Trainee(with_optimizer(given, Adam, lr=0.5)).learner.optimizer
    assert type(optimizer) is Adam
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_longer_runs_decide_by_both_splits_and_seeds(digits_with):
    low, good = digits_with(optimizer=partial(SGD, lr=1e-5)), digits_with(optimizer=partial(SGD, lr=0.1))
    subject = Subject(low)
    assert worse(subject, low, good)
    assert not worse(subject, good, low)
    assert not worse(subject, good, good)
    first, second = scores(subject, good)
    assert first != second
    assert first.valid > 0.8
    assert scores(subject, digits_with(optimizer=partial(SGD, lr=1e9)))[0].train == 0
    assert not Score(loss=1, train=0.5, valid=0.9).worse_than(Score(loss=1, train=0.9, valid=0.9))


def test_a_course_keeps_a_part_of_training_data_apart(digits_with):
    subject = Subject(
        digits_with(optimizer=Config(optimizer="adam", hyper={"lr": 3e-3}, preprocess="standardize"))
    )
    found = course(subject)
    assert own_course(subject) is found
    assert len(found.losses) == found.end.step == planned(subject)
    assert len(found.last[APART].target) == len(subject.splits["train"]) // 6
    assert all(found.end.skill[part] > 0.85 for part in (TRAIN, APART, VALID))
    assert found.end.skill[TRAIN] > found.end.skill[APART]
    losses = [point.loss[TRAIN] for point in found.points]
    assert losses[0] > losses[-1]


def test_runs_end_when_the_time_is_up(digits_with):
    with within(0), pytest.raises(OutOfTime):
        pace(Subject(digits_with()))


def test_experiments_leave_the_set_up_as_it_was(digits_with, see):
    torch.manual_seed(3)
    given, state = digits_with(model=net), torch.get_rng_state()
    x, y = (part.clone() for part in given.problem.train.take(torch.arange(50)))
    for look in (
        "gradients used",
        "gradients",
        "loss at start",
        "learning rate",
        "one batch",
        "curves",
        "dropout",
    ):
        see(given, look)
    assert torch.equal(torch.get_rng_state(), state)
    after = given.problem.train.take(torch.arange(50))
    assert torch.equal(after[0], x)
    assert torch.equal(after[1], y)
