from __future__ import annotations

import numpy as np

from thalweg.data.embedded import cancer, diabetes, digits, wine


def test_digits() -> None:
    data = digits()
    assert data.x.shape == (1797, 64)
    assert (data.x.min(), data.x.max()) == (0, 16)
    assert np.bincount(data.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.classes == tuple("0123456789")


def test_cancer() -> None:
    data = cancer()
    assert data.x.shape == (569, 30)
    assert np.bincount(data.y).tolist() == [212, 357]
    assert data[np.array([0, 568])].y.tolist() == [0, 1]


def test_wine() -> None:
    data = wine()
    assert data.x.shape == (178, 13)
    assert np.bincount(data.y).tolist() == [59, 71, 48]


def test_diabetes_is_in_its_own_units() -> None:
    x, y = diabetes()
    assert x.shape == (442, 10)
    assert x[:, 0].min() >= 19  # years
    assert round(y.mean(), 1) == 152.1
