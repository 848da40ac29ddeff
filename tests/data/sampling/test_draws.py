from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from thalweg.data.sampling.draws import draws, generator


def test_frequencies_are_the_weights() -> None:
    weights = torch.tensor([0.0, 1.0, 4.0, 0.0, 2.5, 0.1, 0.0])
    counts = draws(weights, 20000, generator(0, 0)).bincount(minlength=7)
    likely = weights > 0
    assert not counts[~likely].any()
    expected = weights[likely].double() / weights.double().sum() * 20000
    assert chisquare(counts[likely].numpy(), expected.numpy()).pvalue > 1e-3


@given(st.lists(st.sampled_from([0.0, 5e-324, 1e-9, 1.0, 1e300]), min_size=1, max_size=9), st.integers(0, 99))
def test_nothing_of_weight_0_is_drawn(weights: list[float], seed: int) -> None:
    weight = torch.tensor([*weights, 1e-3, 0.0], dtype=torch.float64)
    assert (weight[draws(weight, 50, generator(seed, 0))] > 0).all()


def test_independent_samples_need_no_small_number_of_them() -> None:
    """`torch.multinomial` refuses more than 2^24 categories."""
    n = 2**24 + 3
    weights = torch.zeros(n, dtype=torch.float32)
    weights[-2] = 1
    assert draws(weights, 3, generator(0, 0)).tolist() == [n - 2] * 3
