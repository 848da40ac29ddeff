"""Classes of uneven numbers, with and without something that makes up for them."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from thalweg.core.config import Config


@pytest.fixture(scope="module")
def uneven(small_digits):
    """Digits with few of the class 8."""
    x, y = small_digits
    kept = (y != 8) | (torch.arange(len(y)) % 20 == 0)
    return x[kept], y[kept]


def test_a_rare_class_is_found_and_drawn_more_often(uneven, setup_of, mlp, see):
    seen = see(setup_of(uneven, mlp(64, 32, 10)), "class counts")
    assert seen.faults == ["class_imbalance"]
    assert seen.suspicions[0].finding.where == "class 8"
    assert not seen.mended().suspicions


def test_even_classes_are_not(small_digits, raw_wine, raw_cancer, setup_of, mlp, see):
    for x, y in (small_digits, raw_wine, raw_cancer):
        assert not see(setup_of((x, y), mlp(x.shape[1], 8, 10)), "class counts").suspicions


def test_weights_in_the_loss_make_up_for_it(uneven, setup_of, mlp, see):
    weight = 1 / uneven[1].bincount().float()
    weighed = nn.CrossEntropyLoss(weight=weight)

    def by_hand(output, y):
        each = functional.cross_entropy(output, y, reduction="none") * weight[y]
        return each.sum() / weight[y].sum()

    for loss in (weighed, by_hand):
        seen = see(setup_of(uneven, mlp(64, 32, 10), loss), "class counts")
        assert not seen.suspicions
        assert "the loss weighs classes" in seen.passed[0].evidence


def test_sampling_makes_up_for_it_where_it_is_used(uneven, setup_of, mlp, see):
    config = Config(sampling="class-balanced")
    assert not see(setup_of(uneven, mlp(64, 32, 10), optimizer=config), "class counts").suspicions
    as_they_lie = setup_of(uneven, mlp(64, 32, 10), optimizer=config, shuffle=False)
    assert see(as_they_lie, "class counts").faults == ["class_imbalance"]


def test_yes_and_no_are_classes_too(small_digits, setup_of, mlp, see):
    x, y = small_digits
    rare = ((y == 8) & (torch.arange(len(y)) % 3 == 0)).float()[:, None]
    seen = see(setup_of((x, rare), mlp(64, 16, 1), nn.BCEWithLogitsLoss()), "class counts")
    assert seen.faults == ["class_imbalance"]
    assert not seen.mended().suspicions


def test_spam_of_one_in_seven_is_usual(data_root, see):
    from thalweg.check.setup import Setup
    from thalweg.problems import load

    assert not see(Setup.of(load("sms/logistic", data=data_root)), "class counts").suspicions


def test_tokens_are_rare_by_nature(setup_of, see):
    drawn = torch.Generator().manual_seed(0)
    tokens = (torch.rand(2000, generator=drawn).square() * 40).long().clamp(max=39)
    x = tokens[: len(tokens) // 8 * 8].reshape(-1, 8)

    def make():
        return nn.Sequential(nn.Embedding(40, 4), nn.Flatten(), nn.Linear(28, 40))

    assert not see(setup_of((x[:, :-1].clone(), x[:, -1].clone()), make), "class counts").suspicions


@pytest.mark.parametrize(("classes", "shown"), [(4, 4), (40, 16)])
def test_the_samples_of_each_class_are_shown(setup_of, mlp, see, classes, shown):
    y = torch.cat([torch.full((30,), label) for label in range(classes - 1)] + [torch.full((2,), classes - 1)])
    seen = see(setup_of((torch.randn(len(y), 4), y), mlp(4, classes)), "class counts")
    (picture,) = seen.pictures
    (bars,) = picture.series
    assert len(bars.x) == shown
    assert bars.x[-1] == str(classes - 1)
    assert bars.y[-1] == min(bars.y) < bars.y[0]
