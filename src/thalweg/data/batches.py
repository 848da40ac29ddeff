"""Splits and their mini-batches: one gather a batch, no Python work a sample, no generator state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor
from torch.utils.data import Subset, default_collate

from thalweg.core.errors import InputError
from thalweg.core.seeding import derive

if TYPE_CHECKING:
    from thalweg.data.preprocess import Preprocessor


class Split(ABC):
    """One part of the data: samples that are taken by index, as a pair (inputs, targets).

    Attributes:
        preprocess: What its inputs went through, if anything.
    """

    preprocess: Preprocessor | None = None

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of samples."""

    @abstractmethod
    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets at `index` (int64, shape ``(b,)``), each of leading size ``b``."""

    @abstractmethod
    def select(self, index: Tensor) -> Split:
        """Return the split of the samples at `index` only."""

    @abstractmethod
    def to(self, device: torch.device | str) -> Split:
        """Return a split that gives its samples on `device`."""

    def preprocessed(self, preprocess: Preprocessor) -> Split:
        """Return the split with its inputs transformed: batch by batch, or at once where they are in memory."""
        return Preprocessed(self, preprocess)

    @property
    def labels(self) -> Tensor | None:
        """All targets at once, or ``None`` where reading them would mean reading every sample."""
        return None


@final
class InMemory(Split):
    """Samples in two tensors.

    Args:
        x: Inputs, shape ``(n, ...)``.
        y: Targets, shape ``(n, ...)``.
        preprocess: What `x` went through already.

    Example:
        >>> split = InMemory(torch.eye(3), torch.tensor([0, 1, 2]))
        >>> split.take(torch.tensor([2, 0]))[1]
        tensor([2, 0])
    """

    def __init__(self, x: Tensor, y: Tensor, preprocess: Preprocessor | None = None) -> None:
        self.x, self.y, self.preprocess = x, y, preprocess

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"InMemory(x={tuple(self.x.shape)}, y={tuple(self.y.shape)})"

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets at `index`."""
        index = index.to(self.x.device)
        return self.x.index_select(0, index), self.y.index_select(0, index)

    def select(self, index: Tensor) -> InMemory:
        """Return a copy of the samples at `index`."""
        return InMemory(*self.take(index), self.preprocess)

    def to(self, device: torch.device | str) -> InMemory:
        """Return the same samples on `device`."""
        return InMemory(self.x.to(device), self.y.to(device), self.preprocess)

    def preprocessed(self, preprocess: Preprocessor) -> InMemory:
        """Return the samples with transformed inputs."""
        return InMemory(preprocess.transform(self.x), self.y, preprocess)

    @property
    def labels(self) -> Tensor:
        """All targets."""
        return self.y


@final
class FromDataset(Split):
    """Samples of a map-style `torch.utils.data.Dataset` whose items are pairs (input, target).

    A batch is read by the dataset's own ``__getitems__`` where it has one, else sample by sample.

    Args:
        dataset: Anything with ``__len__`` and ``__getitem__``.
        device: Where batches go; ``None`` leaves them where they are.

    Example:
        >>> split = FromDataset([(torch.ones(2), 0), (torch.zeros(2), 1)])
        >>> split.take(torch.tensor([1, 0]))[1]
        tensor([1, 0])
    """

    def __init__(self, dataset: Any, device: torch.device | str | None = None) -> None:
        self.dataset, self.device = dataset, device

    def __len__(self) -> int:
        return len(self.dataset)

    def __repr__(self) -> str:
        return f"FromDataset({type(self.dataset).__name__} of {len(self)})"

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets at `index`, collated."""
        places = index.tolist()
        together = getattr(self.dataset, "__getitems__", None)
        x, y = default_collate(together(places) if together else [self.dataset[place] for place in places])
        return (x, y) if self.device is None else (x.to(self.device), y.to(self.device))

    def select(self, index: Tensor) -> FromDataset:
        """Return a view of the samples at `index`."""
        return FromDataset(Subset(self.dataset, index.tolist()), self.device)

    def to(self, device: torch.device | str) -> FromDataset:
        """Return a split whose batches are moved to `device`."""
        return FromDataset(self.dataset, device)


@final
class Preprocessed(Split):
    """Samples of another split, their inputs transformed whenever they are taken.

    Args:
        split: The samples.
        preprocess: A fitted preprocessor.
        device: Where batches go once they are transformed; ``None`` leaves them where they are.

    Example:
        >>> from thalweg.data.preprocess import Center
        >>> split = FromDataset([(torch.ones(2), 0), (torch.zeros(2), 1)])
        >>> Preprocessed(split, Center().fit(split)).take(torch.tensor([1]))[0]
        tensor([[-0.5000, -0.5000]])
    """

    def __init__(self, split: Split, preprocess: Preprocessor, device: torch.device | str | None = None) -> None:
        self.split, self.device = split, device
        self.preprocess = self._preprocess = preprocess

    def __len__(self) -> int:
        return len(self.split)

    def __repr__(self) -> str:
        return f"Preprocessed({self.split!r}, {type(self.preprocess).__name__})"

    def take(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return transformed inputs, and targets, at `index`."""
        x, y = self.split.take(index)
        x = self._preprocess.transform(x)
        return (x, y) if self.device is None else (x.to(self.device), y.to(self.device))

    def select(self, index: Tensor) -> Preprocessed:
        """Return the samples at `index`, transformed when they are taken."""
        return Preprocessed(self.split.select(index), self._preprocess, self.device)

    def to(self, device: torch.device | str) -> Preprocessed:
        """Return a split whose batches are moved to `device`."""
        return Preprocessed(self.split, self._preprocess, device)

    @property
    def labels(self) -> Tensor | None:
        """All targets, where the other split knows them."""
        return self.split.labels


def order(n: int, *, seed: int, epoch: int) -> Tensor:
    """Return the order of the samples in one epoch.

    A function of its arguments alone, so that a resumed run needs no generator state.

    Args:
        n: Number of samples.
        seed: The run's seed.
        epoch: The number of the epoch.

    Returns:
        A permutation of ``0 .. n - 1``, int64.

    Example:
        >>> order(5, seed=0, epoch=1).sort().values
        tensor([0, 1, 2, 3, 4])
    """
    generator = torch.Generator().manual_seed(derive(seed, "order", epoch))
    return torch.randperm(n, generator=generator)


def batches(split: Split, batch_size: int, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the samples of `split` in `order`, `batch_size` at a time; the last batch may be smaller.

    Args:
        split: The samples.
        batch_size: Samples a batch, >= 1.
        order: Index of the samples, int64, such as `order` gives.

    Raises:
        InputError: A batch size below 1.

    Example:
        >>> split = InMemory(torch.arange(5.0), torch.arange(5))
        >>> [len(y) for x, y in batches(split, 2, torch.arange(5))]
        [2, 2, 1]
    """
    if batch_size < 1:
        raise InputError("The batch size is not positive.", got=batch_size, expected="an integer >= 1")
    return map(split.take, order.split(batch_size))
