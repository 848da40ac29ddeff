"""Settings of optimizers that keep them from training."""

from __future__ import annotations

from functools import partial

import pytest
from torch.optim import SGD, Adagrad, Adam, RMSprop

from thalweg.check.experiments.optimizers import unusual
from thalweg.core.config import Config


def test_what_is_out_of_the_ordinary(digits_with):
    def of(factory):
        return [key for key, _, _ in unusual(factory(list(digits_with().problem.model().parameters())))]

    assert of(partial(SGD, lr=0.1, momentum=0.9, dampening=0.95)) == ["dampening"]
    assert of(partial(RMSprop, lr=0.01, alpha=0.01)) == ["alpha"]
    assert of(partial(Adagrad, lr=0.01, lr_decay=1.0)) == ["lr_decay"]
    for usual in (
        partial(SGD, lr=0.1),
        partial(RMSprop, lr=0.01),
        partial(Adagrad, lr=0.1),
        partial(Adam, lr=0.1),
    ):
        assert of(usual) == []


@pytest.mark.parametrize(
    ("optimizer", "where"),
    [
        (partial(Adagrad, lr=0.03, lr_decay=10.0), "lr_decay"),
        (Config(optimizer="sgd", hyper={"lr": 0.1, "clip_norm": 1e-4}), "clip_norm"),
    ],
)
def test_a_setting_that_keeps_it_from_training(digits_with, see, optimizer, where):
    seen = see(digits_with(optimizer=optimizer), "optimizer settings")
    assert seen.faults == ["optimizer_setting"]
    assert seen.suspicions[0].finding.where == where
    assert not seen.mended().suspicions


def test_an_odd_setting_that_does_no_harm(digits_with, see):
    odd = partial(SGD, lr=0.1, momentum=0.9, dampening=0.6)
    assert not see(digits_with(optimizer=odd), "optimizer settings").suspicions


def test_optimizers_in_use(digits_with, see):
    for optimizer in (
        partial(SGD, lr=0.1),
        partial(RMSprop, lr=1e-3),
        partial(Adagrad, lr=0.03),
        partial(Adam, lr=1e-3),
    ):
        seen = see(digits_with(optimizer=optimizer), "optimizer settings")
        assert not seen.suspicions
        assert "at its best rate" in seen.passed[0].evidence
