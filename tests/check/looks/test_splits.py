"""Splits from other distributions, and splits that only chance makes differ."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.looks.splits import shift, token_distance


def test_a_split_that_was_not_scaled_is_found_and_mended(small_digits, setup_of, mlp, see, halves):
    train, (x, y) = halves(small_digits)
    seen = see(setup_of(train, mlp(64, 32, 10), valid=(6 * x + 5, y)), "split inputs")
    assert seen.faults == ["train_val_mismatch"]
    assert seen.suspicions[0].weight >= 0.8
    mended = seen.mended()
    assert not mended.suspicions
    assert len(mended.setup.problem.valid) == len(x)


def test_a_split_of_other_contrast_is_found(small_digits, setup_of, mlp, see, halves):
    train, (x, y) = halves(small_digits)
    assert see(setup_of(train, mlp(64, 32, 10), valid=(x / 4, y)), "split inputs").faults == ["train_val_mismatch"]


def test_a_single_column_that_is_read_otherwise_is_found(raw_wine, setup_of, mlp, see, halves):
    train, (x, y) = halves(raw_wine)
    other = x.clone()
    other[:, 4] /= 1000
    seen = see(setup_of(train, mlp(13, 8, 3), valid=(other, y)), "split inputs")
    assert seen.suspicions[0].finding.numbers["inputs"] == 1


@pytest.mark.parametrize("data", ["small_digits", "raw_wine", "raw_cancer", "raw_diabetes"])
def test_random_splits_are_alike(data, request, setup_of, mlp, see, halves):
    train, valid = halves(request.getfixturevalue(data))
    given = setup_of(train, mlp(train[0].shape[1], 8, 10), nn.MSELoss(), valid=valid, test=valid)
    for name in ("split inputs", "split targets"):
        seen = see(given, name)
        assert not seen.suspicions
        assert "valid" in seen.passed[0].evidence


def test_drawing_alike_seldom_looks_like_a_shift():
    drawn = torch.Generator().manual_seed(0)
    alarms = 0
    for _ in range(200):
        tails = torch.randn(260, 20, generator=drawn).exp()  # heavy tails, as prices have
        alarms += shift(tails[:200], tails[200:]).moved > 0
    assert alarms <= 2


def test_sorted_data_split_in_the_middle_are_found_and_mended(small_digits, setup_of, mlp, see):
    x, y = small_digits
    order = y.argsort()
    cut = len(y) * 3 // 4
    train, valid = ((x[part], y[part]) for part in (order[:cut], order[cut:]))
    seen = see(setup_of(train, mlp(64, 32, 10), valid=valid), "split targets")
    assert seen.faults == ["train_val_mismatch"]
    assert "training has none of the class" in seen.suspicions[0].finding.evidence
    assert not seen.mended().suspicions


def test_training_drawn_evenly_on_purpose_is_worth_a_note(small_digits, setup_of, mlp, see):
    x, y = small_digits
    few = (y < 8) & (torch.arange(len(y)) % 8 > 0) & (torch.arange(len(y)) > 900)
    train = x[:900], y[:900]
    even = torch.cat([(train[1] == label).nonzero()[:80, 0] for label in range(10)])
    valid = torch.cat([few.nonzero()[:50, 0], (y == 9).nonzero()[-60:, 0]])
    seen = see(
        setup_of((train[0][even], train[1][even]), mlp(64, 32, 10), valid=(x[valid], y[valid])), "split targets"
    )
    assert not seen.faults
    assert seen.notes == ["train_val_mismatch"]


def test_targets_in_other_units_are_found(raw_diabetes, setup_of, mlp, see, halves):
    train, (x, y) = halves(raw_diabetes)
    seen = see(setup_of(train, mlp(10, 8, 1), nn.MSELoss(), valid=(x, y / 100)), "split targets")
    assert seen.faults == ["train_val_mismatch"]


def test_tokens_of_another_vocabulary_are_found(setup_of, see):
    drawn = torch.Generator().manual_seed(0)
    x = torch.randint(0, 50, (300, 20), generator=drawn)
    y = torch.arange(300) % 2

    def make():
        return nn.Sequential(nn.Embedding(50, 4), nn.Flatten(), nn.Linear(80, 2))

    turned = torch.randperm(50, generator=drawn)
    skewed = (x * x) // 50
    assert not see(setup_of((x, y), make, valid=(turned[x], y)), "split inputs").suspicions  # all are as frequent
    assert see(setup_of((skewed, y), make, valid=(turned[skewed], y)), "split inputs").faults == [
        "train_val_mismatch"
    ]


def test_few_tokens_differ_by_chance_alone():
    drawn = torch.Generator().manual_seed(0)
    one, other = torch.randint(0, 1000, (2, 600), generator=drawn)
    assert token_distance(one, other) < 0.05


def test_a_few_samples_are_not_compared(raw_wine, setup_of, mlp, see):
    x, y = raw_wine
    given = setup_of((x, y), mlp(13, 8, 3), valid=(x[:3] + 50, y[:3]))
    assert not see(given, "split inputs").suspicions
    assert not see(given, "split targets").suspicions
