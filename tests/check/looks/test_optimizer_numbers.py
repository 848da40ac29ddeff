"""Hyper-parameters that nobody would choose, and those that only look odd."""

from __future__ import annotations

import pytest
from torch import nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from thalweg.core.config import Config

ODD = {
    "momentum that forgets nothing": lambda p: SGD(p, lr=0.01, momentum=1.0),
    "momentum over more than is trained": lambda p: SGD(p, lr=0.01, momentum=0.999),
    "betas exchanged": lambda p: Adam(p, betas=(0.999, 0.9)),
    "a first beta over more than is trained": lambda p: Adam(p, betas=(0.999, 0.9999)),
    "a second beta of three updates": lambda p: Adam(p, betas=(0.5, 0.7)),
    "eps of one": lambda p: Adam(p, eps=1.0),
    "eps of a tenth": lambda p: RMSprop(p, eps=0.1),
}

USUAL = {
    "sgd": lambda p: SGD(p, lr=0.1),
    "momentum": lambda p: SGD(p, lr=0.1, momentum=0.99, nesterov=True),
    "adam": Adam,
    "adam of images": lambda p: Adam(p, betas=(0.5, 0.999)),
    "adam of transformers": lambda p: Adam(p, betas=(0.9, 0.95), eps=1e-6),
    "adam of 16 bits": lambda p: Adam(p, eps=1e-4),
    "rmsprop": RMSprop,
    **{
        name: name
        for name in ("adam", "adamw", "nesterov", "rmsprop", "lion", "ademamix", "adadelta", "lbfgs", "rprop")
    },
}


@pytest.mark.parametrize("name", ODD)
def test_odd_numbers_are_found_and_set(name, small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, 32, 10), optimizer=ODD[name]), "optimizer numbers")
    assert seen.faults == ["optimizer_setting"]
    assert not seen.mended().suspicions


def test_odd_numbers_of_a_config_are_found(small_digits, setup_of, mlp, see):
    for optimizer, hyper in (("adam", {"beta1": 0.999, "beta2": 0.9}), ("momentum", {"momentum": 0.999})):
        given = setup_of(small_digits, mlp(64, 32, 10), optimizer=Config(optimizer=optimizer, hyper=hyper))
        seen = see(given, "optimizer numbers")
        assert seen.faults == ["optimizer_setting"]
        assert not seen.mended().suspicions


@pytest.mark.parametrize("name", USUAL)
def test_usual_numbers_are_left_alone(name, small_digits, setup_of, mlp, see):
    given = setup_of(small_digits, mlp(64, 32, 10), optimizer=USUAL[name])
    for name in ("optimizer numbers", "decay share"):
        assert not see(given, name).suspicions


def test_long_memory_is_right_for_long_training(small_digits, setup_of, mlp, see):
    def long(p):
        return SGD(p, lr=0.001, momentum=0.999)

    given = setup_of(small_digits, mlp(64, 32, 10), optimizer=long, epochs=1000)
    assert not see(given, "optimizer numbers").suspicions


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: SGD(p, lr=0.1, weight_decay=2.0),
        lambda p: AdamW(p, weight_decay=10.0),
        lambda p: AdamW(p, lr=0.1, weight_decay=0.5),
        Config(optimizer="momentum", hyper={"weight_decay": 2.0}),
        Config(optimizer="adam", hyper={"decoupled_decay": 20.0}),
    ],
)
def test_decay_that_is_most_of_the_loss_is_found_and_taken_out(optimizer, small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, 32, 10), optimizer=optimizer), "decay share")
    assert seen.faults == ["weight_decay_too_strong"]
    assert not seen.mended().suspicions


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=5e-4),
        lambda p: SGD(p, lr=0.1, weight_decay=1e-2),
        lambda p: AdamW(p, weight_decay=0.1),
        lambda p: AdamW(p, lr=3e-4, weight_decay=0.3),
        Config(optimizer="lion", hyper={"weight_decay": 1.0}),
    ],
)
def test_usual_decay_is_left_alone(optimizer, small_digits, setup_of, mlp, see):
    assert not see(setup_of(small_digits, mlp(64, 32, 10), optimizer=optimizer), "decay share").suspicions


def test_normalization_makes_decay_harmless(small_digits, setup_of, see):
    def make():
        return nn.Sequential(nn.Linear(64, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 10))

    given = setup_of(small_digits, make, optimizer=lambda p: SGD(p, lr=0.1, weight_decay=0.02))
    assert not see(given, "decay share").suspicions
