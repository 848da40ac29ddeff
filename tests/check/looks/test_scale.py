"""Inputs that are large, tiny, far from zero or in mixed units, and those that only look so."""

from __future__ import annotations

import pytest
import torch
from torch import nn


def scaled(x):
    return (x - x.mean(0)) / x.std(0)


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (lambda x: x * 16, 0.9),  # pixels from 0 to 255
        (lambda x: x, 0.4),  # from 0 to 16
        (lambda x: x / 255 / 255, 0.8),  # scaled twice
        (lambda x: x / 16 + 5, 0.6),  # far from zero
    ],
)
def test_pixels_of_an_odd_scale_are_found_and_mended(change, least, raw_digits, setup_of, mlp, see):
    x, y = raw_digits
    seen = see(setup_of((change(x), y), mlp(64, 32, 10)), "input scale")
    assert seen.faults == ["input_scaling"]
    assert seen.suspicions[0].weight >= least
    assert not seen.mended().suspicions


@pytest.mark.parametrize("data", ["raw_wine", "raw_cancer"])
def test_measures_in_their_own_units_are_mixed(data, request, setup_of, mlp, see):
    x, y = request.getfixturevalue(data)
    seen = see(setup_of((x, y), mlp(x.shape[1], 16, 3)), "input scale")
    assert seen.faults == ["input_scaling"]
    assert "times the smallest" in seen.suspicions[0].finding.evidence
    assert seen.suspicions[0].change.words == "inputs standardized by feature"
    assert not seen.mended().suspicions
    assert not see(setup_of((scaled(x), y), mlp(x.shape[1], 16, 3)), "input scale").suspicions


@pytest.mark.parametrize("by", [1 / 16, 1 / 8])
def test_pixels_from_zero_to_one_are_usual(by, raw_digits, setup_of, mlp, see):
    x, y = raw_digits
    assert not see(setup_of((x * by, y), mlp(64, 32, 10)), "input scale").suspicions


def test_light_images_are_usual(raw_digits, setup_of, mlp, see):
    x, y = raw_digits
    assert not see(setup_of((1 - x / 16, y), mlp(64, 32, 10)), "input scale").suspicions


def test_bags_of_words_and_their_relatives_are_usual(setup_of, mlp, see):
    drawn = torch.Generator().manual_seed(0)
    counts = torch.poisson(torch.full((400, 500), 0.02), generator=drawn)
    counts[:, 0] += 1
    y = torch.arange(400) % 2
    weights = torch.linspace(1, 9, 500)  # as of inverse document frequencies
    for x in (counts, (counts > 0).float(), nn.functional.normalize(counts * weights)):
        assert not see(setup_of((x, y), mlp(500, 16, 2)), "input scale").suspicions


def test_samples_of_length_one_are_usual(setup_of, mlp, see):
    x = nn.functional.normalize(torch.randn(300, 768, generator=torch.Generator().manual_seed(0)))
    assert not see(setup_of((x, torch.arange(300) % 2), mlp(768, 16, 2)), "input scale").suspicions


class Scaling(nn.Module):
    """A net that scales its inputs itself."""

    def __init__(self, by):
        super().__init__()
        self.by, self.net = by, nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x):
        return self.net(x.float() / self.by)


def test_scaling_inside_counts(raw_digits, setup_of, see):
    x, y = raw_digits
    images = (x * 15).to(torch.uint8)
    assert not see(setup_of((images, y), lambda: Scaling(255)), "input scale").suspicions
    seen = see(setup_of((images, y), lambda: Scaling(1)), "input scale")
    assert seen.faults == ["input_scaling"]
    assert not seen.mended().suspicions


@pytest.mark.parametrize("first", [nn.BatchNorm1d(64), nn.LayerNorm(64)])
def test_normalization_first_makes_up_for_it(first, raw_digits, setup_of, see):
    x, y = raw_digits

    def make():
        return nn.Sequential(type(first)(64), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    assert not see(setup_of((x * 16, y), make), "input scale").suspicions


def test_normalization_second_makes_up_for_size_not_for_units(raw_digits, raw_wine, setup_of, see):
    def make(inputs, classes):
        return lambda: nn.Sequential(nn.Linear(inputs, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, classes))

    x, y = raw_digits
    assert not see(setup_of((x * 16, y), make(64, 10)), "input scale").suspicions
    assert see(setup_of(raw_wine, make(13, 3)), "input scale").faults == ["input_scaling"]


def test_convolutions_have_a_scale_a_channel(raw_digits, setup_of, see):
    x, y = raw_digits
    images = (x / 16).reshape(-1, 1, 8, 8)
    mixed = torch.cat([images, 1000 * images], 1)

    def make(channels):
        layers = (nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
        return lambda: nn.Sequential(*[type(one)(*_arguments(one)) for one in layers])

    assert not see(setup_of((images, y), make(1)), "input scale").suspicions
    seen = see(setup_of((mixed, y), make(2)), "input scale")
    assert seen.suspicions[0].change.words == "inputs standardized by channel"
    assert not seen.mended().suspicions


def _arguments(layer):
    if isinstance(layer, nn.Conv2d):
        return layer.in_channels, layer.out_channels, 3
    return (layer.in_features, layer.out_features) if isinstance(layer, nn.Linear) else ()


def test_tokens_have_no_scale(setup_of, see):
    x = torch.randint(0, 5000, (200, 12), generator=torch.Generator().manual_seed(0))

    class Bag(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.head = nn.Embedding(5000, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.head(self.words(x).mean(1))

    seen = see(setup_of((x, torch.arange(200) % 2), Bag), "input scale")
    assert not seen.suspicions
    assert not seen.passed
