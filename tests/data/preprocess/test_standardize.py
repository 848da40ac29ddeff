from __future__ import annotations

import numpy as np
import pytest
import torch

from thalweg.core.errors import DataError, InputError
from thalweg.data.preprocess import Standardize


@pytest.mark.parametrize("per", ["feature", "global"])
def test_moments_and_round_trip_over_several_chunks(per: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, (5000, 4)) * [1, 10, 0.1, 1000] + 1e4
    scale = Standardize(per).fit(x)  # type: ignore[arg-type]
    axis = 0 if per == "feature" else None
    np.testing.assert_allclose(scale.mean.numpy(), x.mean(axis), rtol=1e-13)
    np.testing.assert_allclose(scale.spread.numpy(), x.std(axis), rtol=1e-12)
    wide = torch.from_numpy(x)
    np.testing.assert_allclose(scale.inverse(scale.transform(wide)).numpy(), x, rtol=1e-13)
    z = scale.transform(x).double().numpy()
    np.testing.assert_allclose(z.mean(axis), 0, atol=1e-6)
    np.testing.assert_allclose(z.std(axis), 1, atol=1e-6)


def test_what_is_constant_is_only_shifted() -> None:
    x = np.full((3000, 2), 0.1)
    x[:, 1] = np.arange(3000)
    scale = Standardize("feature").fit(x)
    assert scale.spread[0] == 1
    assert (scale.transform(x)[:, 0] == 0).all()


def test_types() -> None:
    images = torch.arange(24, dtype=torch.uint8).reshape(2, 3, 4)
    scale = Standardize("global").fit(images)
    assert scale.mean.item() == 11.5
    assert scale.mean.dtype == torch.float64
    assert scale.transform(images).dtype == torch.float32
    assert scale.transform(images).shape == (2, 3, 4)
    assert scale.transform(images.double()).dtype == torch.float64
    assert scale.transform(images.double().numpy()).dtype == torch.float32


def test_state_dict() -> None:
    x = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    scale, other = Standardize().fit(x), Standardize()
    other.load_state_dict(scale.state_dict())
    assert torch.equal(scale.transform(x), other.transform(x))


def test_bad_input() -> None:
    with pytest.raises(InputError, match=r"per='row'"):
        Standardize("row")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="before it is fitted"):
        Standardize().transform([[1.0]])
    with pytest.raises(DataError, match="fitted to nothing"):
        Standardize().fit(torch.empty(0, 3))
    with pytest.raises(DataError, match="NaN or infinite"):
        Standardize().fit([[1.0], [float("inf")]])
