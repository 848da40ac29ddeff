"""Targets that outputs cannot be, and those that they can."""

from __future__ import annotations

import pytest
import torch
from torch import nn


@pytest.mark.parametrize(("end", "fault"), [(nn.Sigmoid, "target_range"), (nn.Tanh, "target_range")])
def test_targets_far_beyond_the_last_activation_are_brought_to_it(end, fault, raw_diabetes, setup_of, mlp, see):
    seen = see(setup_of(raw_diabetes, mlp(10, 16, 1, end=end), nn.MSELoss()), "output range")
    assert seen.faults == [fault]
    from thalweg.check.subject import Subject

    mended = Subject(seen.suspicions[0].change.apply(seen.setup))
    low, high = raw_diabetes[1].min(), raw_diabetes[1].max()
    outputs = mended.model(50 * raw_diabetes[0])
    assert low - 1e-3 <= outputs.min() < low + 60
    assert high - 60 < outputs.max() <= high + 1e-3
    loss = mended.setup.problem.loss
    times = nn.MSELoss()(outputs, raw_diabetes[1]) / loss(outputs, raw_diabetes[1])
    assert torch.isclose(times.sqrt(), (high - low) / (2 if end is nn.Tanh else 1), rtol=1e-3)


@pytest.mark.parametrize("end", [nn.ReLU, nn.Sigmoid, nn.Tanh])
def test_an_activation_that_cuts_standardized_targets_is_left_out(end, raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    y = (y - y.mean()) / y.std()
    seen = see(setup_of((x, y), mlp(10, 16, 1, end=end), nn.MSELoss()), "output range")
    assert seen.faults == ["output_activation"]
    assert not seen.mended().suspicions


def test_targets_inside_the_range_are_right(raw_diabetes, raw_digits, setup_of, mlp, see):
    x, y = raw_diabetes
    for target, end in ((y, nn.ReLU), (y / 400, nn.Sigmoid), (y / 200 - 0.9, nn.Tanh)):
        assert not see(setup_of((x, target), mlp(10, 16, 1, end=end), nn.MSELoss()), "output range").suspicions
    pixels = raw_digits[0] / 16  # an autoencoder
    given = setup_of((pixels, pixels), mlp(64, 16, 64, end=nn.Sigmoid), nn.MSELoss())
    assert not see(given, "output range").suspicions


@pytest.mark.parametrize("change", [lambda y: 2 * y - 1, lambda y: 255 * y])
@pytest.mark.parametrize("loss", [nn.BCEWithLogitsLoss(), nn.BCELoss()])
def test_targets_that_are_no_probabilities_are_found_and_mended(change, loss, raw_cancer, setup_of, mlp, see):
    x, y = raw_cancer
    data = (x - x.mean(0)) / x.std(0), change(y[:, None].float())
    end = nn.Sigmoid if isinstance(loss, nn.BCELoss) else None
    seen = see(setup_of(data, mlp(30, 16, 1, end=end), loss), "output range")
    assert seen.faults == ["target_range"]
    assert not seen.mended().suspicions
