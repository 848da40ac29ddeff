from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from thalweg.core.errors import DataError, InputTypeError
from thalweg.data.accept import as_split
from thalweg.data.batches import FromDataset, InMemory


class Items(Dataset[Any]):
    def __init__(self, *items: Any) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Any:
        return self.items[place]


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(3))


@pytest.mark.parametrize(
    ("x", "y", "types"),
    [
        (np.ones((3, 2)), np.array([0, 1, 1], np.int32), (torch.float32, torch.int64)),
        (np.ones((3, 2)), np.array([0.5, 1, 1]), (torch.float32, torch.float32)),
        (torch.ones(3, 2).double(), torch.ones(3).double(), (torch.float64, torch.float64)),
        (np.ones((3, 2), np.uint8), [True, False, True], (torch.uint8, torch.int64)),
        (np.broadcast_to(np.float32(1), (3, 2))[::-1], torch.ones(3).half(), (torch.float32, torch.float16)),
    ],
)
def test_types_of_a_pair(x: Any, y: Any, types: tuple[torch.dtype, torch.dtype]) -> None:
    split = as_split((x, y), name="train")
    assert isinstance(split, InMemory)
    assert (split.x.dtype, split.y.dtype) == types
    assert len(split) == 3


def test_arrays_are_copied() -> None:
    x = np.ones((3, 2), np.float32)
    split = as_split((x, np.arange(3)), name="train")
    x[:] = 7
    assert split.take(torch.tensor([0]))[0].tolist() == [[1, 1]]


def test_tensor_datasets_come_into_memory() -> None:
    whole = TensorDataset(torch.arange(4.0), torch.arange(4))
    assert isinstance(as_split(whole, name="train"), InMemory)
    part = as_split(Subset(whole, [3, 1]), name="train")
    assert isinstance(part, InMemory)
    assert part.y.tolist() == [3, 1]
    assert as_split(part, name="train") is part


def test_other_datasets_stay() -> None:
    split = as_split(Items((torch.ones(2), 1), (torch.ones(2), 0)), name="train")
    assert isinstance(split, FromDataset)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("in_y", [False, True])
def test_values_that_are_not_finite_are_counted_and_placed(bad: float, in_y: bool) -> None:
    x, y = torch.zeros(5, 3), torch.zeros(5)
    if in_y:
        y[[2, 4]] = bad
    else:
        x[2, 1] = x[4, 0] = bad
    place = r"\[2\]" if in_y else r"\[2, 1\]"
    total = 5 if in_y else 15
    with pytest.raises(
        DataError, match=rf"{'y' if in_y else 'x'} of valid has.*\n.*2 of {total}, .*{bad} at {place}"
    ):
        as_split((x, y), name="valid")


def test_first_sample_of_a_dataset_is_looked_at() -> None:
    with pytest.raises(DataError, match="sample 0, has values that are NaN"):
        as_split(Items((torch.tensor([float("nan")]), 1)), name="train")


@pytest.mark.parametrize("pair", [(torch.zeros(3, 2), torch.zeros(2)), (torch.zeros(()), torch.zeros(2))])
def test_lengths_that_differ(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    with pytest.raises(DataError, match=r"x and y of train are not of the same length[\s\S]*y of shape \(2,\)"):
        as_split(pair, name="train")


@pytest.mark.parametrize("empty", [(torch.zeros(0, 2), torch.zeros(0)), Items()])
def test_no_samples(empty: Any) -> None:
    with pytest.raises(DataError, match="data of test is empty"):
        as_split(empty, name="test")


@pytest.mark.parametrize("wrong", [None, 3, torch.zeros(3), {"x": 1}, Stream(), (np.ones(2),)])
def test_types_that_are_no_data(wrong: Any) -> None:
    with pytest.raises(InputTypeError, match=rf"data of train[\s\S]*got:      {type(wrong).__name__}"):
        as_split(wrong, name="train")


@pytest.mark.parametrize("text", [np.array(["a", "b"]), [[1.0], [1.0, 2.0]], np.array([object()] * 2)])
def test_arrays_of_no_numbers(text: Any) -> None:
    with pytest.raises(InputTypeError, match="train: x cannot be made a tensor"):
        as_split((text, [0, 1]), name="train")


@pytest.mark.parametrize(
    ("item", "words"), [({"x": 1}, "read as a pair"), (5, "read as a pair"), (("a", 1), "no pairs")]
)
def test_items_that_are_no_pairs(item: Any, words: str) -> None:
    with pytest.raises((DataError, InputTypeError), match=words):
        as_split(Items(item), name="train")
