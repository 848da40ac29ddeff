"""Principal axes: the directions in which the training data varies, most first, and what is kept of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Real

import torch
from torch import Tensor

from thalweg.core.errors import DataError, InputError
from thalweg.data.preprocess.moments import Moments
from thalweg.data.preprocess.preprocessor import Preprocessor, finite, misfit

MOST_FEATURES = 2**14
"""More would need a covariance of over 2 GB, and an hour for its axes."""


class Principal(Preprocessor):
    """A linear map along the principal axes of the training data.

    The covariance of the n samples, divided by n, is ``C = U diag(variance) U^T``, variances descending. A sample
    of any shape counts as the vector of its features. The sign of each axis is such that its entry of largest
    size is positive.

    Args:
        components: How many axes are kept: a whole number >= 1, or a share of the variance in (0, 1), which takes
            the fewest axes that hold it. ``None`` keeps all.

    Raises:
        InputError: Another number.
    """

    keys = ("mean", "axes", "variance")
    restores_shape = False  # whether results have the shape of a sample, not of a row of components

    def __init__(self, components: float | None = None) -> None:
        super().__init__()
        number = 1 if components is None else components
        if not (isinstance(number, Real) and (0 < number < 1 or (number >= 1 and number % 1 == 0))):
            raise InputError(
                f"The components of {self.name} are unusable.",
                got=repr(components),
                expected="a whole number >= 1, or a share of the variance in (0, 1)",
            )
        self.components = components

    @property
    def mean(self) -> Tensor:
        """The mean, float64, of a sample's shape."""
        return self._constants()["mean"]

    @property
    def axes(self) -> Tensor:
        """The axes kept, float64, one a column, shape ``(features, components)``."""
        return self._constants()["axes"]

    @property
    def variance(self) -> Tensor:
        """The variance along each axis kept, float64, shape ``(components,)``."""
        return self._constants()["variance"]

    @abstractmethod
    def _matrices(self) -> tuple[Tensor, Tensor]:
        """Return what centered rows are multiplied by, from the right, and what undoes it."""

    def _accept(self, variance: Tensor, kept: int, samples: int) -> None:
        """Refuse axes that cannot be used; `variance` is that of all."""

    def _measure(self, chunks: Iterator[Tensor], shape: torch.Size) -> dict[str, Tensor]:
        if shape.numel() > MOST_FEATURES:
            raise DataError(
                f"{self.name} needs the covariance of all features, and these are too many.",
                got=f"{shape.numel()} features",
                expected=f"at most {MOST_FEATURES}",
                remedy="make the samples smaller, or standardize them by channel",
            )
        moments = Moments((chunk.reshape(len(chunk), -1) for chunk in chunks), joint=True)
        finite(moments.variance, self.name)
        variance, axes = torch.linalg.eigh(moments.covariance)
        variance, axes = variance.flip(0).clamp(min=0), axes.flip(1)
        kept = self._kept(variance)
        self._accept(variance, kept, moments.count)
        axes = axes[:, :kept]
        largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
        return {
            "mean": moments.mean.reshape(shape),
            "axes": axes * largest.sign(),
            "variance": variance[:kept].clone(),
        }

    def _kept(self, variance: Tensor) -> int:
        features = len(variance)
        if self.components is None:
            return features
        if self.components < 1:
            held = variance.cumsum(0) / variance.sum()
            return min(int((held < self.components).sum()) + 1, features)
        if self.components > features:
            raise InputError(
                f"{self.name} cannot keep more components than there are features.",
                got=f"components={self.components:g}",
                expected=f"at most {features}",
            )
        return int(self.components)

    def _take(self, state: dict[str, Tensor]) -> None:
        super()._take(state)
        self._there, self._and_back = self._matrices()

    def _forth(self, x: Tensor) -> Tensor:
        z = (x - self.mean).reshape(len(x), self._there.shape[0]) @ self._there
        return z.reshape(x.shape) if self.restores_shape else z

    def _back(self, z: Tensor) -> Tensor:
        rows = z.reshape(len(z), self._and_back.shape[0]) @ self._and_back
        return rows.reshape(len(z), *self.mean.shape) + self.mean

    def _check(self, shape: torch.Size, forth: bool) -> None:
        expected = self.mean.shape if forth or self.restores_shape else self.variance.shape
        if shape != expected:
            raise misfit(self.name, shape, expected)
