from __future__ import annotations

import math

import pytest
import torch

from thalweg.nn import NoisyReLU

N = 400_000


def test_evaluation_is_relu() -> None:
    x = torch.linspace(-3, 3, 61)
    assert torch.equal(NoisyReLU().eval()(x), x.relu())


@pytest.mark.parametrize("x", [-0.5, 0.0, 1.0, 3.0, 9.0])
def test_mean_and_variance_are_those_of_the_rectified_normal(x: float) -> None:
    torch.manual_seed(0)
    y = NoisyReLU()(torch.full((N,), x, dtype=torch.float64))
    s = math.sqrt(1 / (1 + math.exp(-x)))
    above, density = 0.5 * math.erfc(-x / s / math.sqrt(2)), math.exp(-((x / s) ** 2) / 2) / math.sqrt(2 * math.pi)
    mean, square = x * above + s * density, (x * x + s * s) * above + x * s * density
    assert y.mean().item() == pytest.approx(mean, abs=6 * math.sqrt((square - mean**2) / N))
    assert y.square().mean().item() == pytest.approx(square, rel=0.03)
    assert (y >= 0).all()


@pytest.mark.parametrize("x", [-3.0, 0.0, 2.0, 6.0])
def test_the_variance_is_that_of_the_binary_units_it_stands_for(x: float) -> None:
    """Units with biases lowered by 0.5, 1.5, ...: the sum of p (1 - p) is about the logistic function."""
    p = torch.sigmoid(x - torch.arange(200, dtype=torch.float64) - 0.5)
    assert (p * (1 - p)).sum().item() == pytest.approx(1 / (1 + math.exp(-x)), abs=0.02)
    assert p.sum().item() == pytest.approx(math.log1p(math.exp(x)), abs=0.02)


def test_gradient_flows_through_the_deviation_and_stays_finite() -> None:
    x = torch.tensor([-1e4, -200.0, 0.0, 1e4], requires_grad=True)
    torch.manual_seed(0)
    noise = torch.randn_like(x)
    torch.manual_seed(0)
    NoisyReLU()(x).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    at_zero = 1 + noise[2].item() * 0.25 / (2 * math.sqrt(0.5))  # sigma' / (2 sqrt(sigma)) at 0
    assert x.grad[2].item() == pytest.approx(at_zero if noise[2] > 0 else 0.0)


def test_noise_is_fresh_and_seeded() -> None:
    x, f = torch.zeros(1000), NoisyReLU()
    torch.manual_seed(3)
    first, second = f(x), f(x)
    torch.manual_seed(3)
    assert torch.equal(first, f(x))
    assert not torch.equal(first, second)
