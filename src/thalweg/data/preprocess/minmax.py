"""Min-max scaling: the range of the training data becomes an interval."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.data.preprocess.elementwise import Elementwise, Per
from thalweg.data.preprocess.preprocessor import finite


@final
class MinMax(Elementwise):
    """Scale the range to an interval: ``z = low + (high - low) (x - least) / (greatest - least)``.

    What does not vary becomes `low`. New data may lie outside the interval.

    Args:
        per: ``"feature"`` for one range a feature, ``"channel"`` for one a channel, shape ``(n, channels, ...)``,
            ``"global"`` for one in all.
        low: Where the least value goes.
        high: Where the greatest goes, > low.

    Raises:
        InputError: Another word for `per`, an empty interval, or use before `fit`.

    Example:
        >>> MinMax(high=10).fit([[1.0, 7.0], [5.0, 7.0]]).transform([[2.0, 7.0], [6.0, 8.0]])
        tensor([[ 2.5000,  0.0000],
                [12.5000, 10.0000]])
    """

    keys = ("least", "range")

    def __init__(self, per: Per = "feature", *, low: float = 0.0, high: float = 1.0) -> None:
        super().__init__(per)
        if not (low < high and math.isfinite(high - low)):
            raise InputError("MinMax has no interval to scale to.", got=f"{low} to {high}", expected="low < high")
        self.low, self.high = low, high

    @property
    def least(self) -> Tensor:
        """The least value, float64; it broadcasts over samples."""
        return self._constants()["least"]

    @property
    def range(self) -> Tensor:
        """The greatest value less the least, float64, 1 where they are the same; of the shape of `least`."""
        return self._constants()["range"]

    def _measure(self, chunks: Iterator[Tensor], shape: torch.Size) -> dict[str, Tensor]:
        constants = self._constant_shape(shape)
        least = greatest = None
        for chunk in chunks:
            low, high = self._rows(chunk).aminmax(dim=0)
            least = low if least is None else torch.minimum(least, low)
            greatest = high if greatest is None else torch.maximum(greatest, high)
        assert least is not None
        assert greatest is not None
        span = finite(greatest.double() - least.double(), self.name)
        return {
            "least": least.double().reshape(constants),
            "range": span.where(span > 0, 1.0).reshape(constants),
        }

    def _forth(self, x: Tensor) -> Tensor:
        return (x - self.least) / self.range * (self.high - self.low) + self.low

    def _back(self, z: Tensor) -> Tensor:
        return (z - self.low) / (self.high - self.low) * self.range + self.least
