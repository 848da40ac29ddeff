"""Regularization that costs more than it gives, and regularization that is strong and right."""

from __future__ import annotations

from functools import partial

import pytest
from torch import nn
from torch.optim import SGD, Adam, AdamW

from thalweg.core.config import Config


def dropping(rate, width=64):
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Dropout(rate), nn.Linear(width, 10))


@pytest.mark.parametrize(
    ("rate", "width", "faults"), [(0.95, 32, ["dropout_too_high"]), (0.5, 128, []), (0.8, 512, [])]
)
def test_dropout(digits_with, see, rate, width, faults):
    seen = see(digits_with(model=partial(dropping, rate, width)), "dropout")
    assert seen.faults == faults
    if faults:
        assert not seen.mended().suspicions
    else:
        assert "with and" in seen.passed[0].evidence


def test_little_dropout_is_not_asked_about(digits_with, see):
    seen = see(digits_with(model=partial(dropping, 0.2)), "dropout")
    assert not seen.suspicions + seen.passed


@pytest.mark.parametrize(
    "optimizer",
    [
        partial(SGD, lr=0.1, weight_decay=0.3),
        partial(Adam, lr=3e-3, weight_decay=1.0),
        partial(AdamW, lr=3e-3, weight_decay=30.0),
        Config(optimizer="momentum", hyper={"lr": 0.05, "weight_decay": 0.3}),
    ],
)
def test_decay_that_is_too_strong(digits_with, see, optimizer):
    seen = see(digits_with(optimizer=optimizer), "weight decay")
    assert seen.faults == ["weight_decay_too_strong"]
    assert not seen.mended().suspicions


@pytest.mark.parametrize(
    "optimizer",
    [
        partial(SGD, lr=0.1, weight_decay=5e-4),
        partial(AdamW, lr=3e-3, weight_decay=0.1),
        partial(AdamW, lr=3e-3, weight_decay=0.01),
        Config(optimizer="adam", hyper={"lr": 3e-3, "weight_decay": 1e-3}),
    ],
)
def test_usual_decay(digits_with, see, optimizer):
    assert not see(digits_with(optimizer=optimizer), "weight decay").suspicions


def test_a_wrong_rate_is_not_blamed_on_regularization(digits_with, see):
    slow = digits_with(model=partial(dropping, 0.5, 128), optimizer=partial(SGD, lr=1e-6, weight_decay=1e-4))
    for look in ("dropout", "weight decay"):
        assert not see(slow, look).suspicions
