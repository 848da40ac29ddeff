from __future__ import annotations

import math

import torch
from scipy.stats import chisquare

from thalweg.data.sampling import with_replacement


def test_all_samples_are_alike_and_successive_draws_independent() -> None:
    index = torch.cat([with_replacement(10, seed=0, epoch=epoch) for epoch in range(2000)])
    assert chisquare(index.bincount().numpy()).pvalue > 1e-3
    pairs = (index[:-1] * 10 + index[1:])[::2]
    assert chisquare(pairs.bincount(minlength=100).numpy()).pvalue > 1e-3


def test_an_epoch_sees_63_percent() -> None:
    share = len(with_replacement(20000, seed=0, epoch=0).unique()) / 20000
    assert abs(share - (1 - 1 / math.e)) < 0.01
