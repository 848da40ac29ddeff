"""Centers, standard deviations and ranges against NumPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from thalweg.core.errors import DataError, InputError
from thalweg.data.preprocess import Center, MinMax, Standardize

X = np.random.default_rng(0).normal(3, 2, (50, 3, 4, 5)) * np.array([1, 10, 0.1])[:, None, None]
AXES = {"feature": 0, "channel": (0, 2, 3), "global": None}


@pytest.mark.parametrize("per", list(AXES))
def test_numpy_measures_the_same(per: str) -> None:
    x, axis = torch.from_numpy(X), AXES[per]
    mean = X.mean(axis, keepdims=True)
    spread = X.std(axis, keepdims=True)
    least, greatest = X.min(axis, keepdims=True), X.max(axis, keepdims=True)
    for made, expected in (
        (Center(per), X - mean),  # type: ignore[arg-type]
        (Standardize(per), (X - mean) / spread),  # type: ignore[arg-type]
        (MinMax(per, low=-1, high=3), (X - least) / (greatest - least) * 4 - 1),  # type: ignore[arg-type]
    ):
        np.testing.assert_allclose(made.fit(x).transform(x).numpy(), expected, rtol=1e-10, atol=1e-12)


def test_scikit_learn_scales_the_same() -> None:
    rows = X.reshape(50, -1).copy()
    rows[:, 7] = 0.3
    new = np.random.default_rng(1).normal(size=(9, rows.shape[1]))
    pairs = ((Standardize(), StandardScaler()), (MinMax(low=-2, high=5), MinMaxScaler((-2, 5))))
    for ours, theirs in pairs:
        theirs.fit(rows)
        got = ours.fit(torch.from_numpy(rows)).transform(torch.from_numpy(new)).numpy()
        np.testing.assert_allclose(got, theirs.transform(new), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("made", [Center("channel"), Standardize("channel"), MinMax("channel")])
def test_channels_of_another_size_and_number(made: Center | Standardize | MinMax) -> None:
    made.fit(torch.from_numpy(X))
    assert made.transform(torch.zeros(2, 3, 9, 9)).shape == (2, 3, 9, 9)
    with pytest.raises(DataError, match="3 dimensions with 3 channels"):
        made.transform(torch.zeros(2, 4, 5, 5))
    with pytest.raises(DataError, match=r"samples of shape \(channels, ...\)"):
        made.fit(torch.zeros(5))


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, float("inf")), (float("nan"), 1)])
def test_no_interval(low: float, high: float) -> None:
    with pytest.raises(InputError, match="no interval"):
        MinMax(low=low, high=high)


def test_what_is_constant_becomes_low() -> None:
    assert MinMax(low=-1).fit([[4.0], [4.0]]).transform([[4.0], [4.5]]).tolist() == [[-1.0], [0.0]]
