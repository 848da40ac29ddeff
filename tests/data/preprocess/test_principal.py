"""Principal components and whitening against scikit-learn and their definitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import inv, sqrtm
from sklearn import decomposition

from thalweg.core.errors import DataError, InputError, OutOfRangeError
from thalweg.data.embedded import digits
from thalweg.data.preprocess import PCA, ZCA, PCAWhitening

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6)) @ RNG.normal(size=(6, 6)) + RNG.normal(size=6)
T = torch.from_numpy(X)


def covariance(z: torch.Tensor) -> np.ndarray:
    return np.cov(z.numpy().T, bias=True)


@pytest.mark.parametrize("components", [None, 1, 4, 6, 0.5, 0.9, 0.999])
def test_scikit_learn_finds_the_same_components(components: float | None) -> None:
    ours, theirs = PCA(components).fit(T), decomposition.PCA(components, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.variance.numpy() * 200 / 199, theirs.explained_variance_, rtol=1e-10)
    z, expected = ours.transform(T).numpy(), theirs.transform(X)
    signs = np.sign((z * expected).sum(0))
    np.testing.assert_allclose(z, expected * signs, atol=1e-10)
    np.testing.assert_allclose(ours.inverse(torch.from_numpy(z)).numpy(), theirs.inverse_transform(expected))
    white = PCAWhitening(components).fit(T).transform(T).numpy()
    scaled = decomposition.PCA(components, whiten=True, svd_solver="full").fit_transform(X)
    np.testing.assert_allclose(white, scaled * signs * math.sqrt(200 / 199), atol=1e-9)


def test_the_sign_of_an_axis_is_fixed() -> None:
    axes = PCA().fit(T).axes
    assert (axes.gather(0, axes.abs().argmax(0, keepdim=True)) > 0).all()
    torch.testing.assert_close(PCA().fit(-T).axes, axes)


def test_pca_decorrelates() -> None:
    np.testing.assert_allclose(covariance(PCA().fit(T).transform(T)), np.diag(PCA().fit(T).variance), atol=1e-12)


@pytest.mark.parametrize("kind", [PCAWhitening, ZCA])
def test_whitening_gives_the_unit_covariance(kind: type[ZCA | PCAWhitening]) -> None:
    z = kind(floor=0).fit(T).transform(T)
    np.testing.assert_allclose(covariance(z), np.eye(6), atol=1e-10)
    np.testing.assert_allclose(z.mean(0).numpy(), 0, atol=1e-12)


def test_zca_is_the_inverse_root_of_the_covariance() -> None:
    root = inv(np.real(sqrtm(np.cov(X.T, bias=True))))
    np.testing.assert_allclose(ZCA().fit(T).transform(T).numpy(), (X - X.mean(0)) @ root, atol=1e-9)


def test_no_other_whitening_is_nearer_than_zca() -> None:
    centered = T - T.mean(0)
    gap = (ZCA(floor=0).fit(T).transform(T) - centered).square().mean()
    white = PCAWhitening(floor=0).fit(T).transform(T)
    for seed in range(20):
        turn = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(seed)).double()).Q
        assert (white @ turn - centered).square().mean() > gap


@given(floor=st.floats(1e-6, 1))
def test_the_floor_bounds_what_is_divided_by(floor: float) -> None:
    white = PCAWhitening(floor=floor).fit(T)
    least = floor * white.variance[0]
    expected = (white.variance / white.variance.clamp(min=least)).numpy()
    np.testing.assert_allclose(covariance(white.transform(T)), np.diag(expected), atol=1e-9)


def test_zca_keeps_the_shape_and_pca_makes_rows() -> None:
    images = T.reshape(200, 1, 2, 3)
    assert ZCA(components=2).fit(images).transform(images).shape == images.shape
    assert PCA(components=2).fit(images).transform(images).shape == (200, 2)
    assert PCA(components=2).fit(images).inverse(torch.zeros(5, 2)).shape == (5, 1, 2, 3)


def test_dropped_components_come_back_as_the_mean() -> None:
    for kind in (PCA(2), PCAWhitening(2), ZCA(2)):
        back = kind.fit(T).inverse(kind.transform(T))
        nearest = PCA(2).fit(T).inverse(PCA(2).fit(T).transform(T))
        torch.testing.assert_close(back, nearest)


@pytest.mark.parametrize("kind", [PCAWhitening, ZCA])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, r"10 samples of 20 features, a covariance of rank 9; all[\s\S]*components=9 or fewer.*floor=1e-05"),
        ({"floor": 0}, "rank 9"),
        ({"components": 10}, "rank 9; 10 components"),
    ],
)
def test_fewer_samples_than_features(kind: type[ZCA], options: dict[str, float], words: str) -> None:
    x = torch.randn(10, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with pytest.raises(DataError, match=words):
        kind(**options).fit(x)
    np.testing.assert_allclose(covariance(PCAWhitening(9).fit(x).transform(x)), np.eye(9), atol=1e-10)
    for sound in ({"components": 9}, {"floor": 1e-5}, {"components": 0.8}):
        assert kind(**sound).fit(x).transform(x).isfinite().all()


def test_exact_whitening_refuses_what_does_not_vary() -> None:
    x = torch.cat([T, torch.ones(200, 1)], 1)
    with pytest.raises(DataError, match=r"rank 6[\s\S]*components=6"):
        ZCA(floor=0).fit(x)
    assert (ZCA().fit(x).transform(x)[:, 6].abs() < 1e-9).all()
    with pytest.raises(DataError, match=r"rank 0[\s\S]*here nothing does"):
        ZCA(floor=0).fit(torch.ones(9, 2))
    with pytest.raises(DataError, match="1 samples of 2 features"):
        ZCA().fit(torch.ones(1, 2))


def test_digits_whiten_by_default_and_exactly_in_their_rank() -> None:
    """Three of 64 pixels are the same in all digits."""
    x = digits().x
    with pytest.raises(DataError, match=r"1797 samples of 64 features, a covariance of rank 61"):
        PCAWhitening(floor=0).fit(x)
    np.testing.assert_allclose(
        np.cov(PCAWhitening(61, floor=0).fit(x).transform(x).T, bias=True), np.eye(61), atol=1e-5
    )
    variance = np.diag(np.cov(PCAWhitening().fit(x).transform(x).T, bias=True))
    assert (variance < 1 + 1e-5).all()
    assert np.linalg.matrix_rank(ZCA().fit(x).transform(x).double().numpy(), tol=1e-3) == 61


def test_a_covariance_that_would_not_fit_into_memory() -> None:
    with pytest.raises(DataError, match=r"150528 features[\s\S]*at most 16384[\s\S]*by channel"):
        ZCA().fit(torch.zeros(2, 3, 224, 224))


@pytest.mark.parametrize("components", [0, -1, 1.5, math.nan, math.inf, "all"])
def test_components_that_are_none(components: Any) -> None:
    with pytest.raises(InputError, match="components of PCA are unusable"):
        PCA(components)
    with pytest.raises(InputError, match=r"more components than there are features[\s\S]*at most 6"):
        PCA(7.0).fit(T)


@pytest.mark.parametrize("floor", [-0.1, 1.1, math.nan])
def test_a_floor_out_of_range(floor: float) -> None:
    with pytest.raises(OutOfRangeError, match="floor of ZCA"):
        ZCA(floor=floor)
