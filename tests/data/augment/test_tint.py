from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg.core.errors import DataError, InputTypeError, OutOfRangeError
from thalweg.data.augment import Tint, colour_axes, tint


def test_one_colour_is_added_to_all_of_an_image() -> None:
    x = torch.randn(4000, 3, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    axes = torch.tensor([[1.0, 0.0], [1.0, 2.0], [0.0, 1.0]]).double()
    shift = tint(x, axes, std=0.5, generator=torch.Generator().manual_seed(1)) - x
    torch.testing.assert_close(shift, shift[..., :1, :1].expand_as(shift))
    expected = 0.25 * (axes @ axes.T).numpy()
    np.testing.assert_allclose(np.cov(shift[..., 0, 0].numpy().T), expected, atol=0.08)
    assert np.linalg.matrix_rank(shift[..., 0, 0].numpy(), tol=1e-9) == 2


def test_without_axes_channels_shift_by_themselves() -> None:
    shift = tint(torch.zeros(4000, 3, 1, 1), std=0.1, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(np.cov(shift[..., 0, 0].numpy().T), 0.01 * np.eye(3), atol=1e-3)


def test_colour_axes_are_eigenvectors_times_eigenvalues() -> None:
    x = torch.randn(700, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    x[:, 1] += 2 * x[:, 0]
    pixels = x.double().movedim(1, -1).reshape(-1, 3).numpy()
    axes, covariance = colour_axes(x).numpy(), np.cov(pixels.T, bias=True)
    variance = np.linalg.norm(axes, axis=0)
    np.testing.assert_allclose(variance, np.linalg.eigvalsh(covariance)[::-1], rtol=1e-9)
    np.testing.assert_allclose(covariance @ axes, axes * variance, atol=1e-9)


def test_bad_input() -> None:
    with pytest.raises(OutOfRangeError, match=r"std of an augmentation[\s\S]*in \[0, inf\)"):
        Tint(std=-1)
    with pytest.raises(OutOfRangeError, match="std of an augmentation"):
        tint(torch.zeros(1, 3, 2, 2), std=-1)
    for axes in (torch.eye(4), torch.ones(3)):
        with pytest.raises(DataError, match=r"axes of tint[\s\S]*\(3, k\)[\s\S]*colour_axes"):
            Tint(axes)(torch.zeros(1, 3, 2, 2))
    with pytest.raises(InputTypeError, match=r"colour_axes needs images[\s\S]*\(channels, height, width\)"):
        colour_axes(torch.zeros(3, 4, 4))
