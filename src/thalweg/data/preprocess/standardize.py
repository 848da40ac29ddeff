"""Standardization: mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from thalweg.data.preprocess.elementwise import Elementwise
from thalweg.data.preprocess.moments import Moments
from thalweg.data.preprocess.preprocessor import finite


@final
class Standardize(Elementwise):
    """Shift and scale to mean 0 and standard deviation 1: ``z = (x - mean) / spread``.

    Moments are over all samples, in float64, divided by their number; what does not vary has spread 1.

    Args:
        per: ``"feature"`` for one mean and spread a feature, ``"channel"`` for one of each a channel (colour
            images, shape ``(n, channels, ...)``), ``"global"`` for one of each in all (gray images).

    Raises:
        InputError: Another word for `per`, or use before `fit`.

    Example:
        >>> scale = Standardize("feature").fit([[1.0, 7.0], [3.0, 7.0]])
        >>> scale.transform([[2.0, 7.0], [4.0, 8.0]])
        tensor([[0., 0.],
                [2., 1.]])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.3.
    """

    keys = ("mean", "spread")

    @property
    def mean(self) -> Tensor:
        """The mean, float64; it broadcasts over samples."""
        return self._constants()["mean"]

    @property
    def spread(self) -> Tensor:
        """The standard deviation, float64, 1 where there is none; of the mean's shape."""
        return self._constants()["spread"]

    def _measure(self, chunks: Iterator[Tensor], shape: torch.Size) -> dict[str, Tensor]:
        constants = self._constant_shape(shape)
        moments = Moments(map(self._rows, chunks))
        spread = finite(moments.variance, self.name).sqrt()
        return {
            "mean": moments.mean.reshape(constants),
            "spread": spread.where(spread > 0, 1.0).reshape(constants),
        }

    def _forth(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.spread

    def _back(self, z: Tensor) -> Tensor:
        return z * self.spread + self.mean
