"""Rates far from those that train, and rates that only seem so."""

from __future__ import annotations

from functools import partial

import pytest
from torch import nn
from torch.optim import SGD, Adam

from thalweg.core.config import Config


def rate_of(given):
    return given.rate


@pytest.mark.parametrize(
    "optimizer", [partial(Adam, lr=3e-3), partial(SGD, lr=0.1), partial(SGD, lr=0.03, momentum=0.9)]
)
def test_rates_of_the_basin_pass(digits_with, see, optimizer):
    seen = see(digits_with(optimizer=optimizer), "learning rate")
    assert not seen.suspicions
    assert "at lr=" in seen.passed[0].evidence


@pytest.mark.parametrize(
    "optimizer", [partial(Adam, lr=1.0), partial(SGD, lr=30.0), partial(SGD, lr=3.0, momentum=0.9)]
)
def test_rates_that_are_too_high(digits_with, see, optimizer):
    seen = see(digits_with(optimizer=optimizer), "learning rate")
    assert seen.faults == ["lr_too_high"]
    change = seen.suspicions[0].change
    assert change.apply(seen.setup).rate < 0.2
    assert not seen.mended().suspicions


@pytest.mark.parametrize(
    "optimizer", [partial(Adam, lr=1e-6), partial(SGD, lr=1e-4), partial(SGD, lr=1e-5, momentum=0.9)]
)
def test_rates_that_are_too_low(digits_with, see, optimizer):
    seen = see(digits_with(optimizer=optimizer), "learning rate")
    assert seen.faults == ["lr_too_low"]
    assert seen.suspicions[0].change.apply(seen.setup).rate > 30
    assert not seen.mended().suspicions


@pytest.mark.parametrize("last", [(), (nn.ReLU,)])
def test_a_low_rate_is_found_though_targets_are_far_from_zero(last, raw_diabetes, halves, setup_of, see):
    x, y = raw_diabetes
    train, valid = halves((x, 10 + 3 * (y - y.mean()) / y.std()))

    def net():
        return nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1), *(kind() for kind in last))

    given = setup_of(
        data=train,
        valid=valid,
        model=net,
        loss=nn.MSELoss(),
        optimizer=partial(Adam, lr=1e-6),
        batch_size=32,
        epochs=20,
    )
    seen = see(given, "learning rate")
    assert seen.faults == ["lr_too_low"]
    assert seen.suspicions[0].change.apply(given).rate >= 1e3
    assert not seen.mended().suspicions


def test_the_ladder_is_shown_with_the_users_own_rate(digits_with, see):
    for lr in (1e-5, 100.0):
        (picture,) = see(digits_with(optimizer=partial(SGD, lr=lr), epochs=2), "learning rate").pictures
        (series,) = picture.series
        assert picture.marks[0].at == lr
        assert lr in series.x
        assert len(series.x) > 4


def test_a_low_rate_is_right_for_many_epochs(digits_with, see):
    given = digits_with(optimizer=partial(SGD, lr=3e-3), epochs=2)
    assert see(given, "learning rate").faults == ["lr_too_low"]
    assert not see(digits_with(optimizer=partial(SGD, lr=3e-3), epochs=200), "learning rate").suspicions


def test_a_rate_of_one_is_right_with_batch_normalization(digits_with, see):
    def net():
        return nn.Sequential(nn.Linear(64, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))

    assert not see(digits_with(model=net, optimizer=partial(SGD, lr=0.5)), "learning rate").suspicions


def test_rates_of_a_config_and_its_schedule(digits_with, see):
    config = Config(optimizer="momentum", hyper={"lr": 5.0}, schedule="cosine")
    seen = see(digits_with(optimizer=config), "learning rate")
    assert seen.faults == ["lr_too_high"]
    assert not seen.mended().suspicions


def test_where_nothing_is_learned_no_rate_is_blamed(digits_with, see):
    class Mute(nn.Linear):
        def forward(self, x):
            return 0 * super().forward(x)

    seen = see(digits_with(model=partial(Mute, 64, 10)), "learning rate")
    assert not seen.suspicions
    assert not seen.passed
