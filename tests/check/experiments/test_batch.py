"""Batches that leave too few updates, and large ones that leave enough."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from thalweg.check.experiments.batch import noise_scale
from thalweg.check.subject import Subject


def test_all_samples_in_one_batch_for_few_epochs(digits_with, see):
    seen = see(digits_with(batch_size=1348, epochs=8, optimizer=partial(SGD, lr=0.1)), "batch size")
    assert seen.faults == ["batch_too_large"]
    assert "noise scale" in seen.suspicions[0].finding.evidence
    assert seen.suspicions[0].change.apply(seen.setup).config.batch_size == 168
    assert not seen.mended().suspicions


@pytest.mark.parametrize(("size", "epochs"), [(1348, 200), (32, 2), (128, 10)])
def test_enough_updates_or_small_batches(digits_with, see, size, epochs):
    seen = see(digits_with(batch_size=size, epochs=epochs), "batch size")
    assert not seen.suspicions
    assert seen.passed


def test_few_updates_that_are_enough(digits_with, see, raw_wine, setup_of, mlp):
    x, y = raw_wine
    x = (x - x.mean(0)) / x.std(0)
    given = setup_of((x, y), mlp(13, 32, 3), optimizer=partial(Adam, lr=0.03), batch_size=100, epochs=30)
    assert not see(given, "batch size").suspicions


def test_the_noise_scale_is_noise_over_signal(setup_of):
    """Gradients of ``|w - y|^2 / 2`` at 0 are -y: mean 3 and variance 4 in every direction, which gives 4 / 9."""
    y = 3 + 2 * torch.randn(4000, 50, generator=torch.Generator().manual_seed(0))

    def half(output, target):
        return (output - target).square().sum(1).mean() / 2

    def model():
        net = nn.Linear(1, 50, bias=False)
        nn.init.zeros_(net.weight)
        return net

    given = setup_of((torch.ones(4000, 1), y), model, half, batch_size=3000)
    assert noise_scale(Subject(given)) == pytest.approx(4 / 9, rel=0.2)
