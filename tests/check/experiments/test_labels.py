"""Targets that have nothing to do with the inputs, and hard ones that have."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.optim import SGD, Adam


def dealt(pair, seed=0):
    x, y = pair
    return x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))]


def test_labels_of_other_samples(digits_with, halves, small_digits, see):
    train, valid = halves(small_digits)
    given = digits_with(data=dealt(train), valid=dealt(valid))
    seen = see(given, "shuffled targets")
    assert seen.faults == ["labels_wrong"]
    assert "nearest neighbours" in seen.suspicions[0].finding.evidence
    assert not see(digits_with(), "shuffled targets").suspicions


def test_numbers_of_other_samples(raw_diabetes, halves, setup_of, mlp, see):
    x, y = raw_diabetes
    train, valid = halves((x, (y - y.mean()) / y.std()))
    given = partial(
        setup_of, model=mlp(10, 16, 1), loss=nn.MSELoss(), optimizer=partial(Adam, lr=3e-3), batch_size=32
    )
    assert see(given(dealt(train), valid=dealt(valid)), "shuffled targets").faults == ["labels_wrong"]
    assert not see(given(train, valid=valid), "shuffled targets").suspicions


def test_a_step_that_deals_labels_out(digits_with, see):
    def step(model, optimizer, loss, x, y):
        optimizer.zero_grad()
        value = loss(model(x), y[torch.randperm(len(y))])
        value.backward()
        optimizer.step()
        return value

    assert not see(digits_with(train_step=step), "shuffled targets").passed


def test_noise_rates_and_hard_data_are_no_wrong_labels(
    digits_with, halves, small_digits, raw_wine, setup_of, mlp, see
):
    (x, y), valid = halves(small_digits)
    half = torch.where(torch.arange(len(y)) % 2 == 0, y, dealt((x, y))[1])
    for changes in (
        {"data": (x, half), "valid": valid},
        {"optimizer": partial(SGD, lr=1e-6)},
        {"optimizer": partial(SGD, lr=1e3)},
    ):
        assert not see(digits_with(**changes), "shuffled targets").suspicions, changes
    assert not see(setup_of(raw_wine, mlp(13, 16, 3), batch_size=16), "shuffled targets").suspicions


def test_where_one_class_rules_nothing_is_said(digits_with, halves, small_digits, see):
    (x, y), (xv, yv) = halves(small_digits)
    rare = digits_with(data=(x, (y == 20).long()), valid=(xv, (yv == 20).long()))
    assert not see(rare, "shuffled targets").suspicions


def test_where_outliers_rule_wrong_labels_are_only_worth_a_note(raw_diabetes, halves, setup_of, mlp, see):
    x, y = raw_diabetes
    y = (y - y.mean()) / y.std()
    y[::40] *= 300
    train, valid = halves((x, y))
    given = setup_of(train, mlp(10, 16, 1), nn.MSELoss(), partial(Adam, lr=3e-3), valid=valid, batch_size=32)
    assert not see(given, "shuffled targets").faults
