"""Small classes that are neglected, and those that are weighed or learned all the same."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam


@pytest.fixture(scope="module")
def few(small_digits, halves):
    """Zeros against all others; in training one of 40 is a zero."""
    (x, y), (xv, yv) = halves(small_digits)
    zeros, others = (y == 0).nonzero().flatten(), (y != 0).nonzero().flatten()
    index = torch.cat([zeros[:30], others])
    return (x[index], (y[index] == 0).long()), (xv, (yv == 0).long())


def test_a_neglected_class_is_found_and_drawing_it_more_often_mends_it(digits_with, few, mlp, see):
    data, valid = few
    slow = digits_with(data=data, valid=valid, model=mlp(64, 2), optimizer=partial(SGD, lr=0.01), epochs=5)
    seen = see(slow, "small classes")
    assert seen.faults == ["class_imbalance"]
    assert not seen.mended().suspicions


def test_a_small_class_that_is_weighed_or_learned_is_healthy(digits_with, few, mlp, see):
    data, valid = few
    given = partial(digits_with, data=data, valid=valid)
    weighed = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 40.0]))
    slow = given(model=mlp(64, 2), optimizer=partial(SGD, lr=0.01), epochs=5, loss=weighed)
    assert not see(slow, "small classes").suspicions
    learned = see(given(model=mlp(64, 32, 2), optimizer=partial(Adam, lr=3e-3)), "small classes")
    assert not learned.suspicions
    assert "times as many samples" in learned.passed[0].evidence


def test_classes_of_one_size_are_not_asked_about(digits_with, see):
    seen = see(digits_with(), "small classes")
    assert not seen.suspicions + seen.passed
