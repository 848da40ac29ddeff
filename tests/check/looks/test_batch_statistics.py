"""Batch normalization over too few samples, or with running statistics that never settle."""

from __future__ import annotations

import pytest
import torch
from torch import nn


def normed(momentum=0.1):
    return lambda: nn.Sequential(
        nn.Linear(64, 32), nn.BatchNorm1d(32, momentum=momentum), nn.ReLU(), nn.Linear(32, 10)
    )


def of_images(norm):
    return lambda: nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3), norm(), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)
    )


@pytest.mark.parametrize("size", [1, 2, 3])
def test_tiny_batches_are_found_and_made_larger(size, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, normed(), batch_size=size), "batch statistics")
    assert seen.faults == ["batchnorm_small_batch"]
    assert seen.suspicions[0].weight >= 0.9
    assert not seen.mended().suspicions


def test_images_have_many_values_a_channel(small_digits, setup_of, see):
    of_few = see(setup_of(small_digits, of_images(lambda: nn.BatchNorm2d(8)), batch_size=3), "batch statistics")
    assert of_few.suspicions[0].weight < 0.5
    enough = setup_of(small_digits, of_images(lambda: nn.BatchNorm2d(8)), batch_size=8)
    assert not see(enough, "batch statistics").faults


def test_other_normalizations_do_not_mind(small_digits, setup_of, see):
    for norm in (lambda: nn.GroupNorm(2, 8), lambda: nn.InstanceNorm2d(8), nn.Identity):
        seen = see(setup_of(small_digits, of_images(norm), batch_size=1), "batch statistics")
        assert not seen.suspicions


def test_a_last_batch_of_one_is_found_and_avoided(small_digits, setup_of, see):
    x, y = small_digits
    data = x[:1025], y[:1025]
    seen = see(setup_of(data, normed(), valid=small_digits, batch_size=64), "batch statistics")
    assert seen.faults == ["batchnorm_small_batch"]
    assert not seen.mended().suspicions
    images = setup_of(data, of_images(lambda: nn.BatchNorm2d(8)), valid=small_digits, batch_size=64)
    assert see(images, "batch statistics").notes == ["batchnorm_small_batch"]
    usual = setup_of((x[:1024], y[:1024]), normed(), valid=small_digits, batch_size=64)
    assert not see(usual, "batch statistics").suspicions


@pytest.mark.parametrize("momentum", [0.0, 0.001])
def test_running_statistics_that_lag_are_found_and_mended(momentum, small_digits, setup_of, see):
    seen = see(setup_of(small_digits, normed(momentum), batch_size=64), "running statistics")
    assert seen.faults == ["train_eval_mode"]
    assert not seen.mended().suspicions


def test_running_statistics_that_settle_are_right(small_digits, setup_of, see):
    for momentum in (0.1, 0.01, None):
        given = setup_of(small_digits, normed(momentum), batch_size=32, epochs=20)
        assert not see(given, "running statistics").suspicions


def test_statistics_that_were_learned_before_may_stay(small_digits, setup_of, see):
    def loaded():
        model = normed(0.0)()
        model[1].running_mean.copy_(torch.arange(32.0))
        return model

    assert not see(setup_of(small_digits, loaded), "running statistics").suspicions
