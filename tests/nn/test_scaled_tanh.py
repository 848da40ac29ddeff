from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg.nn import ScaledTanh

f = ScaledTanh()


def test_formula() -> None:
    x = np.linspace(-6, 6, 101)
    assert f(torch.from_numpy(x)).numpy() == pytest.approx(1.7159 * np.tanh(2 * x / 3), rel=1e-14)


def test_one_is_a_fixed_point_to_the_digits_of_its_constant() -> None:
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    assert f(x).numpy() == pytest.approx(x.numpy(), abs=2e-5)


def test_curvature_is_largest_near_one() -> None:
    x = torch.linspace(0, 3, 3001, dtype=torch.float64)
    x.requires_grad_()
    (slope,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    curvature = torch.autograd.grad(slope.sum(), x)[0].abs()
    assert x[curvature.argmax()].item() == pytest.approx(1, abs=0.02)
