from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy.integrate import quad
from scipy.special import roots_hermitenorm
from scipy.stats import norm

from thalweg.core.errors import InputError
from thalweg.nn import Maxout, NoisyReLU, ScaledTanh, TanhLinear
from thalweg.nn.gain import gain, normal_mean


def moment(function: object) -> float:
    """The mean of a function of a standard normal variable, by an independent quadrature."""
    return quad(lambda z: function(z) * norm.pdf(z), -12, 12, epsabs=1e-13, limit=200)[0]  # pyright: ignore


def scalar(module: torch.nn.Module, z: float) -> float:
    return module(torch.tensor([z], dtype=torch.float64)).item()


@pytest.mark.parametrize("module", [ScaledTanh(), TanhLinear(), TanhLinear(-0.5), TanhLinear(2)], ids=repr)
def test_smooth_activations(module: ScaledTanh | TanhLinear) -> None:
    assert module.gain == pytest.approx(moment(lambda z: scalar(module, z) ** 2) ** -0.5, rel=1e-10)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 50])
def test_maxout(k: int) -> None:
    expected = moment(lambda z: k * norm.cdf(z) ** (k - 1) * z**2)
    assert Maxout(k).gain == pytest.approx(expected**-0.5, rel=1e-10)


def test_maxout_in_closed_form() -> None:
    """E max^2 of one and of two is 1, of three 1 + sqrt(3) / (2 pi)."""
    assert [Maxout(k).gain for k in (1, 2, 3)] == pytest.approx([1, 1, (1 + math.sqrt(3) / (2 * math.pi)) ** -0.5])


def test_noisy_relu() -> None:
    """Over the noise too: a double integral."""

    def given(z: float) -> float:
        s = math.sqrt(1 / (1 + math.exp(-z)))
        kink = min(max(-z / s, -12), 12)
        return quad(lambda e: max(0.0, z + s * e) ** 2 * norm.pdf(e), kink, 12, epsabs=1e-9)[0]

    points, weights = roots_hermitenorm(40)
    expected = sum(w * given(z) for z, w in zip(points, weights, strict=True)) / math.sqrt(2 * math.pi)
    assert NoisyReLU().gain == pytest.approx(expected**-0.5, rel=1e-6)


def test_known_gains() -> None:
    assert gain(torch.relu) == pytest.approx(math.sqrt(2), rel=1e-6)
    assert gain(lambda z: 3 * z) == pytest.approx(1 / 3, rel=1e-12)
    assert gain(torch.sin) == pytest.approx(math.sqrt(2 / (1 - math.exp(-2))), rel=1e-12)


@pytest.mark.parametrize("function", [torch.zeros_like, torch.log, lambda z: torch.full_like(z, math.inf)])
def test_functions_that_have_no_gain(function: Callable[[torch.Tensor], torch.Tensor]) -> None:
    with pytest.raises(InputError, match=r"no gain[\s\S]*finite number > 0"):
        gain(function)


def test_moments_of_a_normal_variable() -> None:
    assert [normal_mean(lambda z, n=n: z**n) for n in (0, 1, 2, 4, 6)] == pytest.approx(
        [1, 0, 1, 3, 15], abs=1e-12
    )


def test_gain_is_a_number_wherever_torch_would_put_tensors() -> None:
    with torch.device("meta"):
        module = ScaledTanh()
        assert module.gain == pytest.approx(ScaledTanh().gain)
