"""Labelled: the samples and classes of one part of a data set, as read and not yet preprocessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.errors import DataError


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples with one class label each.

    Args:
        x: Samples, shape ``(n, ...)``.
        y: Labels, integers in ``[0, len(classes))``, shape ``(n,)``.
        classes: The name of each class.
        name: What an error calls these samples.

    Raises:
        DataError: `x` and `y` of different length.

    Example:
        >>> part = Labelled(np.zeros((3, 2)), np.array([0, 1, 1]), ("no", "yes"))
        >>> len(part), part[np.array([1, 2])].y.tolist()
        (3, [1, 1])
    """

    x: NDArray[Any]
    y: NDArray[Any]
    classes: tuple[str, ...]
    name: str = "the data"

    def __post_init__(self) -> None:
        if self.y.shape != self.x.shape[:1]:
            raise DataError(
                f"Samples and labels of {self.name} are not of the same length.",
                got=f"samples of shape {self.x.shape}, labels of shape {self.y.shape}",
                expected="one label for each sample",
            )

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: NDArray[np.int64]) -> Labelled:
        return Labelled(self.x[index], self.y[index], self.classes, self.name)
