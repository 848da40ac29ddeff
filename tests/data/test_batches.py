from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset

from thalweg.core.errors import InputError
from thalweg.data.batches import FromDataset, InMemory, Preprocessed, Split, batches, order
from thalweg.data.preprocess import Center


class Squares(Dataset[tuple[torch.Tensor, int]]):
    def __len__(self) -> int:
        return 7

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return torch.full((2,), float(place)), place**2


class SquaresTogether(Squares):
    asked: list[list[int]]

    def __init__(self) -> None:
        self.asked = []

    def __getitems__(self, places: list[int]) -> list[tuple[torch.Tensor, int]]:
        self.asked.append(places)
        return [self[place] for place in places]


def in_memory() -> InMemory:
    x = torch.arange(7.0).unsqueeze(1).expand(7, 2)
    return InMemory(x, torch.arange(7) ** 2)


@pytest.mark.parametrize(
    "make", [in_memory, lambda: FromDataset(Squares()), lambda: FromDataset(SquaresTogether())]
)
def test_every_kind_of_split_gives_the_same(make: type[Split]) -> None:
    split = make()
    index = torch.tensor([5, 0, 5])
    for one in (split, split.to("cpu"), split.select(torch.arange(6))):
        x, y = one.take(index)
        assert x.tolist() == [[5.0, 5.0], [0.0, 0.0], [5.0, 5.0]]
        assert y.tolist() == [25, 0, 25]
        assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    part = split.select(torch.tensor([6, 2])).select(torch.tensor([1]))
    assert len(part) == 1
    assert part.take(torch.tensor([0]))[1].tolist() == [4]


def test_a_batch_is_asked_for_at_once() -> None:
    dataset = SquaresTogether()
    FromDataset(dataset).take(torch.tensor([3, 1]))
    assert dataset.asked == [[3, 1]]


def test_to_moves_the_batches() -> None:
    assert in_memory().to("meta").take(torch.tensor([1]))[0].is_meta
    x, y = FromDataset(Squares()).to("meta").select(torch.tensor([0])).take(torch.tensor([0]))
    assert x.is_meta
    assert y.is_meta


@pytest.mark.parametrize("make", [in_memory, lambda: FromDataset(Squares())])
def test_inputs_are_preprocessed_at_once_or_when_they_are_taken(make: type[Split]) -> None:
    split = make()
    center = Center().fit(split)
    whole = split.preprocessed(center)
    assert split.preprocess is None
    assert isinstance(whole, InMemory if isinstance(split, InMemory) else Preprocessed)
    assert len(whole) == 7
    part = whole.select(torch.tensor([6, 2])).to("cpu")
    for one, index in ((whole, [6, 2]), (part, [0, 1])):
        x, y = one.take(torch.tensor(index))
        assert x.tolist() == [[3.0, 3.0], [-1.0, -1.0]]
        assert y.tolist() == [36, 4]
        assert one.preprocess is center
    assert whole.to("meta").take(torch.tensor([0]))[0].is_meta
    assert (whole.labels is None) == (split.labels is None)


def test_labels_are_known_only_in_memory() -> None:
    assert in_memory().labels.tolist() == [0, 1, 4, 9, 16, 25, 36]
    assert FromDataset(Squares()).labels is None


@given(n=st.integers(1, 60), size=st.integers(1, 70), seed=st.integers(0, 2**62), epoch=st.integers(0, 99))
def test_an_epoch_sees_every_sample_once(n: int, size: int, seed: int, epoch: int) -> None:
    split = InMemory(torch.arange(float(n)), torch.arange(n))
    got = list(batches(split, size, order(n, seed=seed, epoch=epoch)))
    assert sorted(y for _, labels in got for y in labels.tolist()) == list(range(n))
    assert all(torch.equal(x.long(), y) for x, y in got)
    sizes = [len(y) for _, y in got]
    assert all(one == size for one, _ in pairwise(sizes))
    assert sizes[-1] == (n - 1) % size + 1


def test_order_is_a_function_of_seed_and_epoch_alone() -> None:
    first = order(50, seed=1, epoch=2)
    torch.manual_seed(99)
    assert torch.equal(first, order(50, seed=1, epoch=2))
    assert not torch.equal(first, order(50, seed=1, epoch=3))
    assert not torch.equal(first, order(50, seed=2, epoch=2))
    before = torch.get_rng_state()
    order(50, seed=1, epoch=2)
    assert torch.equal(before, torch.get_rng_state())


def test_batch_size_below_one() -> None:
    with pytest.raises(InputError, match="not positive"):
        batches(in_memory(), 0, torch.arange(7))
