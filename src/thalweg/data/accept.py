"""What a user may hand over as data, and how it becomes a Split."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from thalweg.core.errors import DataError, InputTypeError
from thalweg.data.batches import FromDataset, InMemory, Split

Accepted = Split | tuple[Any, Any] | Dataset[Any]


def as_split(value: Accepted, *, name: str) -> Split:
    """Turn data into a Split, or say what is wrong with it.

    Tensors keep their type; NumPy's float64, its default rather than a choice, becomes float32. Targets of
    whole numbers or booleans become int64, the type of labels. Values of a pair are searched for NaN and
    infinities; of a Dataset, which may read from disk, only the first sample is read.

    Args:
        value: A Split, a pair (x, y) of tensors or arrays, or a map-style Dataset of pairs.
        name: What an error calls it, such as ``"train"``.

    Returns:
        A non-empty split; a `TensorDataset` of two tensors, or a `Subset` of one, is taken into memory.

    Raises:
        DataError: No samples, `x` and `y` of different length, NaN or infinite values.
        InputTypeError: Nothing of the above.

    Example:
        >>> as_split((np.ones((4, 2)), np.array([0, 1, 0, 1])), name="train")
        InMemory(x=(4, 2), y=(4,))
    """
    match value:
        case Split():
            return _non_empty(value, name)
        case (x, y):
            return _pair(_tensor(x, f"{name}: x"), _tensor(y, f"{name}: y"), name)
        case TensorDataset(tensors=(x, y)):
            return _pair(x, y, name)
        case Subset(dataset=TensorDataset(tensors=(x, y)), indices=indices):
            index = torch.as_tensor(indices, dtype=torch.int64)
            return _pair(x[index], y[index], name)
        case Dataset() if not isinstance(value, IterableDataset) and hasattr(value, "__len__"):
            return _dataset(value, name)
    raise InputTypeError(
        f"The data of {name} is of a type that cannot be used.",
        got=type(value).__name__,
        expected="a pair (x, y) of tensors or arrays, a map-style Dataset of pairs, or a thalweg.data.Split",
    )


def _non_empty(split: Split, name: str) -> Split:
    if len(split) == 0:
        raise DataError(f"The data of {name} is empty.", expected="at least one sample")
    return split


def _tensor(value: Any, name: str) -> Tensor:
    if isinstance(value, Tensor):
        return value
    try:
        array = np.array(value)  # a copy: what the user does to theirs later changes nothing here
        tensor = torch.from_numpy(array)
    except (TypeError, ValueError) as error:
        raise InputTypeError(
            f"{name} cannot be made a tensor.", got=str(error), expected="a tensor or an array of numbers"
        ) from error
    return tensor.float() if tensor.dtype == torch.float64 else tensor


def _pair(x: Tensor, y: Tensor, name: str) -> Split:
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise DataError(
            f"x and y of {name} are not of the same length.",
            got=f"x of shape {tuple(x.shape)}, y of shape {tuple(y.shape)}",
            expected="one target for each sample, along the first dimension",
        )
    labels = not y.is_floating_point() and not y.is_complex()
    split = InMemory(x, y.long() if labels else y)
    _non_empty(split, name)
    _finite(x, f"x of {name}")
    _finite(y, f"y of {name}")
    return split


def _finite(values: Tensor, name: str) -> None:
    bad = ~values.isfinite()
    if not bad.any():
        return
    first = tuple(bad.nonzero()[0].tolist())
    raise DataError(
        f"{name} has values that are NaN or infinite.",
        got=f"{int(bad.sum())} of {bad.numel()}, the first is {values[first].item()} at {list(first)}",
        expected="finite numbers",
        remedy="drop these samples, or fill in the values",
    )


def _dataset(dataset: Dataset[Any], name: str) -> Split:
    split = _non_empty(FromDataset(dataset), name)
    try:
        x, y = split.take(torch.tensor([0]))
    except Exception as error:
        raise DataError(
            f"The first sample of {name} cannot be read as a pair (input, target).",
            got=f"{type(error).__name__}: {error}",
            expected=f"{type(dataset).__name__}[0] is a pair of tensors, arrays or numbers",
        ) from error
    if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
        raise InputTypeError(
            f"The samples of {name} are no pairs of tensors.",
            got=f"({type(x).__name__}, {type(y).__name__}) after collating",
            expected="input and target that each collate to one tensor",
        )
    _finite(x, f"x of {name}, sample 0,")
    _finite(y, f"y of {name}, sample 0,")
    return split
