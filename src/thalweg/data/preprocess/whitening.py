"""What both kinds of whitening share: the deviations divided by, and what cannot be whitened."""

from __future__ import annotations

import torch
from torch import Tensor

from thalweg.core.bounds import Bounds
from thalweg.core.errors import DataError
from thalweg.data.preprocess.principal import Principal

FLOOR = 1e-5
"""The floor that is taken where none is asked for: variances of less than 1e-5 of the largest are mostly noise."""


class Whitening(Principal):
    """A map to features without correlation and of variance 1 on the training data.

    ``deviation = sqrt(max(variance, floor variance[0]))`` along each axis: where the floor is reached the variance
    stays below 1, so that noise is not blown up.

    Args:
        components: How many axes are kept: a whole number >= 1, or a share of the variance in (0, 1), which takes
            the fewest axes that hold it. ``None`` keeps all.
        floor: The least variance divided by, as a share of the largest, in [0, 1]; 0 is exact whitening.
            ``None`` is 1e-5, but refuses data of no more samples than features.

    Raises:
        InputError: Other components.
        OutOfRangeError: A floor outside [0, 1].
        DataError: In `fit`, with neither a positive floor nor few enough components: as many features as samples,
            or directions without variance.
    """

    def __init__(self, components: float | None = None, *, floor: float | None = None) -> None:
        super().__init__(components)
        self.floor = None if floor is None else Bounds(0, 1).check(f"The floor of {self.name}", floor)

    @property
    def deviation(self) -> Tensor:
        """What is divided by along each axis, float64, shape ``(components,)``; 1 if nothing varies at all."""
        least = self.variance[0] * (FLOOR if self.floor is None else self.floor)
        deviation = self.variance.clamp(min=least).sqrt()
        return deviation.where(deviation > 0, 1.0)

    def _accept(self, variance: Tensor, kept: int, samples: int) -> None:
        features = len(variance)
        negligible = variance[0] * features * torch.finfo(torch.float64).eps
        rank = int((variance > negligible).sum())
        if kept <= rank or self.floor or (self.floor is None and samples > features):
            return
        wanted = f"{kept} components" if kept < features else "all"
        raise DataError(
            f"{self.name} cannot whiten directions in which the data does not vary.",
            got=f"{samples} samples of {features} features, a covariance of rank {rank}; {wanted} to be whitened",
            expected="as many independent directions as are whitened: more samples than features, none constant",
            remedy=f"ask for components={rank} or fewer, or for a floor such as floor={FLOOR:g}"
            if rank
            else "leave out what does not vary; here nothing does",
        )
