from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from thalweg.data.sampling import class_divergent


def repeats(labels: Tensor) -> int:
    return int((labels[1:] == labels[:-1]).sum())


@given(
    counts=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    labels=st.permutations(range(6)),
    seed=st.integers(0, 2**62),
)
def test_no_more_successive_samples_of_one_class_than_needed(
    counts: list[int], labels: list[int], seed: int
) -> None:
    y = torch.tensor([label for label, count in zip(labels, counts, strict=False) for _ in range(count)])
    index = class_divergent(len(y), seed=seed, epoch=0, labels=y)
    assert torch.equal(index.sort().values, torch.arange(len(y)))
    others = len(y) - max(counts)
    assert repeats(y[index]) == max(0, max(counts) - 1 - others)


def test_classes_are_spread_evenly_over_the_epoch() -> None:
    counts = torch.tensor([500, 300, 150, 50])
    y = torch.repeat_interleave(torch.arange(4), counts)
    for majority in (y, torch.cat([y, torch.zeros(2000, dtype=torch.int64)])):
        shuffled = majority[class_divergent(len(majority), seed=0, epoch=0, labels=majority)]
        early, late = (part.bincount(minlength=4) for part in shuffled.tensor_split(2))
        assert ((early - late).abs() <= 4 * majority.bincount() ** 0.5).all()


def test_every_sample_of_a_class_may_come_first() -> None:
    y = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2])
    first = [int(class_divergent(8, seed=0, epoch=epoch, labels=y)[0]) for epoch in range(200)]
    assert set(first) == set(range(8))
