"""Batch normalization over few values, and models that are worse in evaluation mode."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam


def normalized(momentum=0.1, **options):
    return nn.Sequential(
        nn.Linear(64, 32), nn.BatchNorm1d(32, momentum=momentum, **options), nn.ReLU(), nn.Linear(32, 10)
    )


def test_a_batch_of_two_is_too_small_for_normalization(digits_with, see):
    seen = see(digits_with(model=normalized, batch_size=2, epochs=1), "batch noise")
    assert seen.faults == ["batchnorm_small_batch"]
    assert not seen.mended().suspicions


@pytest.mark.parametrize("size", [16, 32])
def test_usual_batches_are_large_enough(digits_with, see, size):
    seen = see(digits_with(model=normalized, batch_size=size), "batch noise")
    assert not seen.suspicions
    assert f"{size} values" in seen.passed[0].evidence


def test_images_have_many_values_a_channel(digits_with, see):
    def net():
        image = nn.Unflatten(1, (1, 8, 8))
        return nn.Sequential(image, nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 10))

    assert not see(digits_with(model=net, batch_size=2, epochs=1), "batch noise").suspicions


def test_without_normalization_nothing_is_asked(digits_with, see):
    seen = see(digits_with(batch_size=2, epochs=1), "batch noise")
    assert not seen.suspicions + seen.passed


class Stale(nn.Module):
    """Normalizes by the batch in training, and by a mean and spread that nobody ever measured in evaluation."""

    def forward(self, x):
        return (x - x.mean(0)) / x.std(0) if self.training else (x - 10) / 100


def test_statistics_that_are_not_those_of_training(digits_with, see):
    def net():
        return nn.Sequential(nn.Linear(64, 32), Stale(), nn.ReLU(), nn.Linear(32, 10))

    seen = see(digits_with(model=net), "evaluation mode")
    assert seen.faults == ["train_eval_mode"]


@pytest.mark.parametrize("optimizer", [partial(Adam, lr=3e-3), partial(SGD, lr=0.3)])
def test_dropout_and_normalization_differ_a_little_by_mode(digits_with, see, optimizer):
    def net():
        return nn.Sequential(normalized(), nn.ReLU(), nn.Dropout(0.5), nn.Linear(10, 10))

    for model in (net, normalized):
        seen = see(digits_with(model=model, optimizer=optimizer), "evaluation mode")
        assert not seen.suspicions
        assert "in training mode" in seen.passed[0].evidence


def test_shared_samples_are_put_back(digits_with, see):
    """Looking leaves buffers and generators as they were."""
    before = torch.get_rng_state()
    see(digits_with(model=normalized, batch_size=4, epochs=1), "batch noise")
    assert torch.equal(before, torch.get_rng_state())
