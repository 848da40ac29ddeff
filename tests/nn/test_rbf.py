from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import rbf_kernel

from thalweg.core.errors import InputError, ModelError
from thalweg.nn import RBF


def test_units_are_the_rbf_kernel_between_inputs_and_centers() -> None:
    torch.manual_seed(0)
    layer, x = RBF(7, 4).double(), torch.randn(5, 7, dtype=torch.float64)
    expected = rbf_kernel(x.numpy(), layer.centers.detach().numpy(), gamma=1 / 14)
    assert layer(x).detach().numpy() == pytest.approx(expected, rel=1e-6)  # the width was rounded to float32


def test_widths_are_of_single_units() -> None:
    layer = RBF(2, 3).double()
    with torch.no_grad():
        layer.centers.zero_()
        layer.log_sigma.copy_(torch.tensor([0.5, 1.0, 2.0]).log())
    h = layer(torch.tensor([[0.6, 0.8]], dtype=torch.float64))[0].detach().numpy()
    assert h == pytest.approx(np.exp([-4, -1, -0.25]))


def test_far_from_zero_rounding_stays_small_and_gives_no_more_than_one() -> None:
    layer = RBF(50, 20)
    before = layer(layer.centers).detach()
    with torch.no_grad():
        layer.centers.add_(1000)
    h = layer(layer.centers)
    assert (h <= 1).all()
    torch.testing.assert_close(h, before, rtol=1e-3, atol=0)
    h.sum().backward()
    assert layer.centers.grad is not None
    assert layer.centers.grad.isfinite().all()


def test_gain_in_closed_form() -> None:
    """The moment generating function of a chi-squared variable: |x - c|^2 / 2 has n degrees of freedom."""
    torch.manual_seed(0)
    n, layer = 3, RBF(3, 2000).double()
    h = layer(torch.randn(2000, n, dtype=torch.float64))
    assert RBF(n, 1).gain == pytest.approx((1 + 4 / n) ** (n / 4))
    assert layer.gain**2 * h.square().mean().item() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (2.0, 1)])
def test_no_number_of_features(sizes: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="_features is unusable"):
        RBF(*sizes)


@pytest.mark.parametrize("shape", [(3,), (5, 2), ()])
def test_features_of_another_number(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"centres of the RBF units[\s\S]*\(\.\.\., 4\)"):
        RBF(4, 3)(torch.zeros(shape))
