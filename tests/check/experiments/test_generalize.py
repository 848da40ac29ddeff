"""Curves that part, and curves that only seem to."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.optim import SGD, Adam

from thalweg.check.experiments.generalize import stopped
from thalweg.check.trainee import Trainee


def wrong(y, share, seed=0):
    """Return labels of which a share is another."""
    drawn = torch.Generator().manual_seed(seed)
    hit = torch.rand(len(y), generator=drawn) < share
    return torch.where(hit, (y + 1 + torch.randint(9, y.shape, generator=drawn)) % 10, y)


def test_healthy_curves_go_together(digits_with, see):
    seen = see(digits_with(), "curves")
    assert not seen.suspicions
    assert "kept apart" in seen.passed[0].evidence


def test_what_is_learned_by_heart_overfits(digits_with, halves, small_digits, mlp, see):
    (x, y), valid = halves(small_digits)
    noisy = x[:200], wrong(y[:200], 0.4)
    given = digits_with(
        data=noisy, valid=valid, model=mlp(64, 256, 10), optimizer=partial(Adam, lr=3e-3), epochs=100
    )
    seen = see(given, "curves")
    assert "overfitting" in seen.faults
    overfits = next(one for one in seen.suspicions if one.finding.fault == "overfitting")
    assert "stop after" in overfits.finding.remedy
    assert overfits.change
    assert overfits.change.words.startswith("training stopped after")


def test_few_samples_that_are_learned_well_are_no_overfitting(digits_with, halves, small_digits, see):
    (x, y), valid = halves(small_digits)
    some = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[:120]
    assert not see(digits_with(data=(x[some], y[some]), valid=valid, epochs=40), "curves").suspicions


def test_a_label_of_twenty_wrong_is_healthy(digits_with, halves, small_digits, see):
    (x, y), valid = halves(small_digits)
    assert not see(digits_with(data=(x, wrong(y, 0.05)), valid=valid), "curves").suspicions


def test_validation_of_other_units_or_labels(digits_with, halves, small_digits, see):
    (_, _), (x, y) = halves(small_digits)
    flipped = x.unflatten(1, (8, 8)).flip(2).flatten(1)
    for valid in ((5 - 3 * x, y), (flipped, y), (x, (y + 1) % 10)):
        assert see(digits_with(valid=valid), "curves").faults == ["train_val_mismatch"]


def test_training_labels_that_are_worse_than_those_of_validation(digits_with, halves, small_digits, see):
    (x, y), valid = halves(small_digits)
    given = digits_with(data=(x, wrong(y, 0.4)), valid=valid, optimizer=partial(SGD, lr=0.02), epochs=5)
    assert see(given, "curves").faults == ["labels_wrong"]


def test_validation_that_was_trained_on(digits_with, halves, small_digits, mlp, see):
    (x, y), _ = halves(small_digits)
    noisy = x[:300], wrong(y[:300], 0.5)
    given = digits_with(data=noisy, valid=(noisy[0][::2], noisy[1][::2]), model=mlp(64, 256, 10), epochs=60)
    assert "data_leakage" in see(given, "curves").faults


def test_numbers_have_curves_too(raw_diabetes, halves, setup_of, mlp, see):
    x, y = raw_diabetes
    train, valid = halves((x, (y - y.mean()) / y.std()))
    given = partial(setup_of, train, loss=nn.MSELoss(), valid=valid, batch_size=32)
    large = see(given(model=mlp(10, 256, 256, 1), optimizer=partial(Adam, lr=1e-3), epochs=100), "curves")
    assert large.faults == ["overfitting"]
    assert not see(given(model=mlp(10, 1), optimizer=partial(SGD, lr=0.01), epochs=20), "curves").suspicions


def test_where_the_loss_counts_it_need_cost_no_skill(digits_with, halves, small_digits, mlp, see):
    (x, y), valid = halves(small_digits)
    noisy = x[:200], wrong(y[:200], 0.15)
    given = partial(
        digits_with, data=noisy, valid=valid, model=mlp(64, 256, 10), optimizer=partial(Adam, lr=3e-3), epochs=100
    )
    assert "overfitting" in see(given(objective="loss"), "curves").faults


def test_weights_stay_as_they_were_when_training_is_stopped(digits_with):
    runs = [Trainee(setup) for setup in (digits_with(), stopped(digits_with(), after=5))]
    for trainee in runs:
        trainee.train(5, judge=False)
    for usual, held in zip(*(trainee.model.parameters() for trainee in runs), strict=True):
        assert torch.equal(usual, held)
    before = [p.detach().clone() for p in runs[1].model.parameters()]
    for trainee in runs:
        trainee.train(5, judge=False)
    assert all(map(torch.equal, before, runs[1].model.parameters()))
    assert not any(map(torch.equal, before, runs[0].model.parameters()))


def test_splits_that_are_unlike_are_drawn_anew(digits_with, halves, small_digits, see):
    (_, _), (x, y) = halves(small_digits)
    seen = see(digits_with(valid=(5 - 3 * x, y)), "curves")
    assert not seen.mended().suspicions
