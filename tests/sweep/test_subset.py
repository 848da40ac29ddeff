"""A part of the training split, with every class in its share, and all else as it was."""

from __future__ import annotations

import pytest
import torch

from thalweg.core.errors import InputError
from thalweg.problems import Problem
from thalweg.sweep.subset import subset


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_classes_keep_their_shares(fraction: float, blobs: Problem) -> None:
    small = subset(blobs, fraction, seed=3)
    assert len(small.train) == round(90 * fraction)
    assert small.train.labels is not None
    assert all(abs(n - 30 * fraction) <= 1 for n in small.train.labels.bincount().tolist())
    same = {"valid", "batch_size", "epochs", "loss", "model", "metrics", "objective"}
    assert all(getattr(small, name) == getattr(blobs, name) for name in same)


def test_the_same_seed_takes_the_same_samples(blobs: Problem, bowl: Problem) -> None:
    everything = torch.arange(45)
    one, same, other = (subset(blobs, 0.5, seed).train.take(everything)[0] for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert len(subset(bowl, 0.5, 0).train) == 24  # targets that are no labels


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_no_part_is_refused(fraction: float, blobs: Problem) -> None:
    with pytest.raises(InputError, match="no part"):
        subset(blobs, fraction, 0)
