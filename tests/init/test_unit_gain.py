from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from scipy.integrate import quad
from torch import nn

from thalweg.core.errors import ModelError
from thalweg.init import signal, unit_gain, xavier_


def moment(module: nn.Module, gain: float) -> float:
    """The second moment of f(gain z), by an independent quadrature."""

    def integrand(z: float) -> float:
        value = module(torch.tensor(gain * z, dtype=torch.float64)).item()
        return value**2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    kinks = sorted({-12.0, 0.0, 12.0} | {point / gain for point in (-3, -1, 1, 3, 6)})
    return sum(quad(integrand, a, b, epsabs=1e-12)[0] for a, b in pairwise(kinks))


@pytest.mark.parametrize(
    "module",
    [nn.GELU(), nn.SiLU(), nn.ReLU6(), nn.ELU(0.5), nn.SELU(), nn.Softplus(), nn.Mish(), nn.Hardswish()],
    ids=repr,
)
def test_a_unit_signal_stays_one(module: nn.Module) -> None:
    assert moment(module, unit_gain(module)) == pytest.approx(1, abs=2e-6)


@pytest.mark.parametrize("module", [nn.Tanh(), nn.Sigmoid(), nn.Hardtanh(), nn.Softsign()], ids=repr)
def test_what_is_bounded_by_one_gets_the_gain_of_what_reads_it(module: nn.Module) -> None:
    assert unit_gain(module) == pytest.approx(moment(module, 1) ** -0.5, rel=2e-6)


@pytest.mark.parametrize("slope", [0, 0.01, 0.3, 1])
def test_of_leaky_relu_it_is_hes(slope: float) -> None:
    expected = math.sqrt(2 / (1 + slope**2))
    assert unit_gain(nn.LeakyReLU(slope)) == pytest.approx(expected, rel=1e-12)
    assert unit_gain(nn.PReLU(3, init=slope)) == pytest.approx(expected, rel=1e-6)
    assert unit_gain(lambda z: torch.nn.functional.leaky_relu_(z, slope)) == pytest.approx(expected, rel=1e-12)


def test_a_deep_net_of_gelu_keeps_its_signal() -> None:
    net = nn.Sequential(*[m for _ in range(15) for m in (nn.Linear(512, 512), nn.GELU())])
    xavier_(net, gain=unit_gain(nn.GELU()), generator=torch.Generator().manual_seed(0))
    rows = signal(net, torch.randn(128, 512, generator=torch.Generator().manual_seed(1)), kinds=(nn.GELU,)).rows
    assert all(0.5 < row.forward.second < 2 for row in rows)


def test_of_what_is_random_it_is_the_mean_slope() -> None:
    module = nn.RReLU(0.2, 0.4)
    assert unit_gain(module) == pytest.approx(math.sqrt(2 / 1.09), rel=1e-12)
    assert module.training


@pytest.mark.parametrize("function", [torch.zeros_like, lambda z: z / 0])
def test_what_has_none(function: nn.Module) -> None:
    with pytest.raises(ModelError, match=r"has no gain[\s\S]*attribute gain"):
        unit_gain(function)
