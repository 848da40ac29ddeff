from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from thalweg.core.errors import ModelError
from thalweg.init.he import he_


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (nn.Linear(300, 400), 300),
        (nn.Conv1d(50, 200, 5), 250),
        (nn.Conv2d(64, 128, 3), 576),
        (nn.Conv2d(64, 512, 3, groups=4), 144),
        (nn.Conv3d(16, 64, 3), 432),
        (nn.ConvTranspose2d(64, 128, 3), 576),
        (nn.ConvTranspose1d(64, 512, 8, stride=2, groups=2), 128),
        (nn.ConvTranspose3d(32, 64, 4, stride=(1, 2, 4)), 256),
    ],
)
def test_second_moments(layer: nn.Linear | nn.Conv2d, fan_in: int) -> None:
    he_(layer, generator=seeded())
    weight = layer.weight.detach().double().flatten()
    n, variance = len(weight), 2 / fan_in
    # Five standard errors: of the mean, and of the second and fourth moments of a normal distribution.
    assert abs(weight.mean()) < 5 * math.sqrt(variance / n)
    assert abs(weight.square().mean() / variance - 1) < 5 * math.sqrt(2 / n)
    assert abs(weight.pow(4).mean() / (3 * variance**2) - 1) < 5 * math.sqrt(96 / 9 / n)
    assert layer.bias is not None
    assert (layer.bias == 0).all()


def test_signal_keeps_its_second_moment_through_relu() -> None:
    net = he_(nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(512, 512), nn.ReLU())]), generator=seeded())
    x = torch.randn(64, 512, generator=seeded(1))
    with torch.no_grad():
        before_last = net[:-1](x)
    assert 0.5 < before_last.square().mean() / 2 < 2  # 2: the first layer sees no ReLU before it


@pytest.mark.parametrize(("kernel", "stride"), [(4, 4), (8, 4), (3, 2), (2, 3), (5, 1)])
def test_a_transposed_convolution_gives_twice_the_second_moment_at_every_stride(kernel: int, stride: int) -> None:
    """Two, for inputs of second moment one: ReLU halves it. The border, where windows end, does not count."""
    layer = he_(nn.ConvTranspose2d(64, 128, kernel, stride=stride, bias=False), generator=seeded())
    x = torch.randn(4, 64, 12, 12, generator=seeded(1))
    with torch.no_grad():
        y = layer(x)[..., 4 * stride : 11 * stride, 4 * stride : 11 * stride]
    assert y.square().mean() == pytest.approx(2, rel=0.05)


def test_seed_decides_whatever_the_global_state() -> None:
    def weights(seed: int) -> torch.Tensor:
        return he_(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), generator=seeded(seed))[1].weight.detach()

    first = weights(3)
    torch.manual_seed(1234)
    before = torch.get_rng_state()
    assert torch.equal(first, he_(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), generator=seeded(3))[1].weight)
    assert not torch.equal(first, weights(4))
    torch.set_rng_state(before)
    layer = nn.Linear(2, 2)
    drawn = torch.get_rng_state()
    he_(layer, generator=seeded())
    assert torch.equal(drawn, torch.get_rng_state())


def test_global_generator_without_one() -> None:
    layer = nn.Linear(3, 3)
    torch.manual_seed(5)
    first = he_(layer).weight.detach().clone()
    torch.manual_seed(5)
    assert torch.equal(first, he_(layer).weight)


def test_other_layers_are_left() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3, bias=False), nn.Embedding(4, 3))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    he_(net, generator=seeded())
    changed = [name for name, value in net.state_dict().items() if not torch.equal(value, before[name])]
    assert changed == ["1.weight"]


def test_lazy_layer() -> None:
    with pytest.raises(ModelError, match="layer 0 has no weights"):
        he_(nn.Sequential(nn.LazyLinear(3)))
