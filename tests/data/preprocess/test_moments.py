from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.data.preprocess.moments import Moments


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    width=st.integers(1, 5),
    offset=st.sampled_from([0.0, 1e3, 1e8]),
    joint=st.booleans(),
)
def test_parts_of_any_size_give_the_moments_of_the_whole(
    sizes: list[int], width: int, offset: float, joint: bool
) -> None:
    x = np.random.default_rng(sum(sizes)).normal(size=(sum(sizes), width)) + offset
    moments = Moments(torch.from_numpy(x).split(sizes), joint=joint)
    centered = x - offset  # the offset costs the digits that it cost x, and no more
    lost = 1e-15 * offset
    assert moments.count == len(x)
    np.testing.assert_allclose(moments.mean.numpy() - offset, centered.mean(0), atol=1e-13 + 2 * lost)
    np.testing.assert_allclose(moments.variance.numpy(), centered.var(0), rtol=1e-12, atol=1e-14 + lost)
    if joint:
        expected = np.cov(centered.T, bias=True).reshape(width, width)
        np.testing.assert_allclose(moments.covariance.numpy(), expected, rtol=1e-11, atol=1e-13 + lost)


def test_what_is_constant_has_no_variance_at_all() -> None:
    x = torch.full((700, 2), 0.1, dtype=torch.float64)
    moments = Moments(x.split([1, 300, 399]), joint=True)
    assert torch.equal(moments.mean, x[0])
    assert not moments.covariance.any()


def test_an_offset_costs_no_digits() -> None:
    """The naive E[x^2] - E[x]^2 gives a variance below 0 here."""
    x = torch.tensor([[1e9 + k] for k in (4.0, 7.0, 13.0, 16.0)], dtype=torch.float64)
    assert Moments(x.split(1)).variance.tolist() == [22.5]
