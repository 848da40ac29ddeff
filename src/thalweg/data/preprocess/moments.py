"""Moments of a stream: mean, variance and covariance in one pass, in float64."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


class Moments:
    """Count, mean and squared deviations of rows that come in parts.

    Each part is measured by itself in two passes, about its own mean, and merged with what came before::

        d = mean_b - mean_a,  n = n_a + n_b
        mean = mean_a + d n_b / n
        S    = S_a + S_b + d d^T n_a n_b / n

    All is relative to the first row of the stream. So what is constant has a variance of exactly 0, and a large
    offset costs no digits.

    Args:
        rows: Parts of shape ``(rows, features)``, each of at least one row.
        joint: Whether all products of two deviations are kept, for `covariance`, or their squares alone.

    Example:
        >>> moments = Moments([torch.tensor([[1.0, 7.0]]), torch.tensor([[3.0, 7.0], [5.0, 7.0]])])
        >>> moments.mean.tolist(), (moments.variance * 3).tolist()
        ([3.0, 7.0], [8.0, 0.0])

    Reference:
        Chan, Golub & LeVeque 1983, Algorithms for computing the sample variance: analysis and recommendations.
    """

    def __init__(self, rows: Iterable[Tensor], *, joint: bool = False) -> None:
        self.joint = joint
        self.count = 0
        for part in rows:
            self._add(part.double())

    def _add(self, part: Tensor) -> None:
        if not self.count:
            width = part.shape[1]
            self._origin = part[0].clone()
            self._mean = torch.zeros_like(self._origin)
            self._squares = self._mean.new_zeros((width, width) if self.joint else (width,))
        deviations = part - self._origin
        mean = deviations.mean(0)
        deviations -= mean
        n = self.count + len(part)
        gap, merged = mean - self._mean, self.count * len(part) / n
        if self.joint:
            self._squares.addmm_(deviations.T, deviations).addr_(gap, gap, alpha=merged)
        else:
            self._squares += deviations.square_().sum(0) + gap.square() * merged
        self._mean += gap * (len(part) / n)
        self.count = n

    @property
    def mean(self) -> Tensor:
        """The mean row, shape ``(features,)``."""
        return self._origin + self._mean

    @property
    def variance(self) -> Tensor:
        """The variances, divided by the number of rows, shape ``(features,)``."""
        squares = self._squares.diagonal() if self.joint else self._squares
        return squares / self.count

    @property
    def covariance(self) -> Tensor:
        """The covariances, divided by the number of rows, shape ``(features, features)``."""
        assert self.joint
        return self._squares / self.count
