"""Centering: the mean is taken off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from thalweg.data.preprocess.elementwise import Elementwise
from thalweg.data.preprocess.moments import Moments
from thalweg.data.preprocess.preprocessor import finite


@final
class Center(Elementwise):
    """Shift to mean 0: ``z = x - mean``.

    Inputs that are all of one sign make all gradients of a unit's weights of one sign, and the path zigzags.

    Args:
        per: ``"feature"`` for one mean a feature (the mean image), ``"channel"`` for one a channel, shape
            ``(n, channels, ...)``, ``"global"`` for one in all.

    Raises:
        InputError: Another word for `per`, or use before `fit`.

    Example:
        >>> Center().fit([[1.0, 7.0], [3.0, 7.0]]).transform([[2.0, 7.0], [4.0, 8.0]])
        tensor([[0., 0.],
                [2., 1.]])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.3.
    """

    keys = ("mean",)

    @property
    def mean(self) -> Tensor:
        """The mean, float64; it broadcasts over samples."""
        return self._constants()["mean"]

    def _measure(self, chunks: Iterator[Tensor], shape: torch.Size) -> dict[str, Tensor]:
        constants = self._constant_shape(shape)
        moments = Moments(map(self._rows, chunks))
        return {"mean": finite(moments.mean, self.name).reshape(constants)}

    def _forth(self, x: Tensor) -> Tensor:
        return x - self.mean

    def _back(self, z: Tensor) -> Tensor:
        return z + self.mean
