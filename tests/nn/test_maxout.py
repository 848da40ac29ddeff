from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputError, ModelError
from thalweg.nn import Maxout


@given(units=st.integers(1, 5), pieces=st.integers(1, 5), dim=st.integers(-4, 3), seed=st.integers(0, 99))
def test_the_largest_of_neighbours(units: int, pieces: int, dim: int, seed: int) -> None:
    """In any dimension of four, against NumPy on an axis moved to the end."""
    shape = [2, 3, 2, 3]
    shape[dim] = units * pieces
    x = np.random.default_rng(seed).normal(size=shape)
    moved = np.moveaxis(x, dim, -1)
    expected = np.moveaxis(moved.reshape(*moved.shape[:-1], units, pieces).max(-1), -1, dim)
    assert np.array_equal(Maxout(pieces, dim)(torch.from_numpy(x)).numpy(), expected)


def test_two_pieces_make_an_absolute_value() -> None:
    """Goodfellow et al., figure 1: rectifier and absolute value are maxouts."""
    x = torch.linspace(-2, 2, 9)[:, None]
    assert torch.equal(Maxout(2)(torch.cat((x, -x), 1)), x.abs())
    assert torch.equal(Maxout(2)(torch.cat((x, torch.zeros_like(x)), 1)), x.relu())


def test_features_that_are_no_multiple() -> None:
    with pytest.raises(ModelError, match="shared out") as error:
        Maxout(3)(torch.zeros(2, 4))
    assert "4 features" in str(error.value)


@pytest.mark.parametrize("pieces", [0, -1, 1.5, True, "2"])
def test_no_number_of_pieces(pieces: int) -> None:
    with pytest.raises(InputError, match="pieces is unusable"):
        Maxout(pieces)
