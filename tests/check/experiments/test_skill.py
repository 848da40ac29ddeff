"""What outputs tell of targets, and how they are judged."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from thalweg.check.experiments.skill import guesses, in_mode, judge, measure
from thalweg.check.trainee import Trainee


def test_labels_of_every_form_have_the_same_skill():
    y = torch.arange(40) % 4
    told = torch.where(torch.arange(40) < 20, y, (y + 1) % 4)
    scores = functional.one_hot(told, 4).float()
    skill, error = measure(scores, y)
    assert skill == pytest.approx((0.5 - 0.25) / 0.75)
    assert error == pytest.approx(0.5 / math.sqrt(44) / 0.75)
    assert measure(scores, functional.one_hot(y, 4).float())[0] == pytest.approx(skill)
    letters = scores.view(10, 4, 4).transpose(1, 2)
    assert measure(letters, y.view(10, 4))[0] == pytest.approx(skill)
    assert measure(letters, torch.where(torch.arange(40) < 20, y, -100).view(10, 4))[0] == 1


def test_yes_and_no():
    y = torch.tensor([1.0, 0.0, 0.0, 1.0])[:, None]
    for output in (torch.tensor([3.0, -1.0, -2.0, -0.5]), torch.tensor([0.9, 0.2, 0.1, 0.4])):
        told, right = guesses(output[:, None], y)
        assert told.tolist() == [1, 0, 0, 0]
        assert right.tolist() == [1, 0, 0, 1]


def test_numbers():
    y = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    assert measure(y, y) == (1, 0)
    assert measure(torch.full_like(y, 2.5), y)[0] == 0
    assert measure(100 * y, y)[0] == -1
    assert measure(y.flatten(), y)[0] == 1


@pytest.mark.parametrize(
    ("output", "y"),
    [
        (torch.zeros(4, 2), torch.zeros(4, 3)),
        (torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64)),
        (torch.zeros(4, 1), torch.full((4, 1), 7.0)),
    ],
)
def test_where_nobody_can_say(output, y):
    assert math.isnan(measure(output, y)[0])


def net():
    return nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10))


def test_judging_changes_nothing_and_is_right(digits_with):
    given = digits_with(model=net)
    trainee = Trainee(given, seed=0)
    trainee.train(20, judge=False)
    before = {name: tensor.clone() for name, tensor in trainee.model.state_dict().items()}
    split = trainee.learner.splits["valid"]
    found = judge(trainee, split)
    again = [judge(trainee, split, training=True) for _ in range(2)]
    assert found.loss == pytest.approx(given.problem.evaluate(trainee.model, split)["loss"], rel=1e-5)
    assert again[0].loss == again[1].loss != found.loss
    assert len(again[0].target) % 32 == 0
    assert len(judge(trainee, split, count=50).target) == 50
    after = trainee.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert trainee.model.training


def test_modes_are_given_back_one_by_one():
    model = net()
    model[1].eval()
    with in_mode(model, True):
        assert model[1].training
        model(torch.randn(8, 64))
    assert not model[1].training
    assert model.training
    assert int(model[1].num_batches_tracked) == 0
