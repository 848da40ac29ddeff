"""Preprocessing that is fitted to data, on the training split only: the caller sees to that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from thalweg.core.errors import DataError, InputError

_CHUNK = 2048  # samples converted to float64 at a time, so that uint8 images never exist eightfold

Self = TypeVar("Self", bound="Standardize")


class Standardize:
    """Shift and scale to mean 0 and standard deviation 1: ``z = (x - mean) / spread``.

    Moments are over all samples, in float64, divided by their number; what does not vary has spread 1.

    Args:
        per: ``"feature"`` for one mean and spread a feature, ``"global"`` for one of each (images).

    Raises:
        InputError: Another word for `per`, or use before `fit`.

    Example:
        >>> scale = Standardize("feature").fit([[1.0, 7.0], [3.0, 7.0]])
        >>> scale.transform([[2.0, 7.0], [4.0, 8.0]])
        tensor([[0., 0.],
                [2., 1.]])
    """

    def __init__(self, per: Literal["feature", "global"] = "feature") -> None:
        if per not in ("feature", "global"):
            raise InputError("Standardize cannot do that.", got=f"per={per!r}", expected="'feature' or 'global'")
        self.per = per
        self._moments: tuple[Tensor, Tensor] | None = None

    def fit(self: Self, x: Tensor | ArrayLike) -> Self:
        """Measure mean and spread of `x`, shape ``(n, ...)``, and return self."""
        x = _tensor(x)
        if x.numel() == 0:
            raise DataError("Standardize cannot be fitted to nothing.", got=f"shape {tuple(x.shape)}")
        dims = tuple(range(x.ndim)) if self.per == "global" else (0,)
        count = x.numel() if self.per == "global" else len(x)
        # Sums of deviations from the first sample: exact for what is constant, and safe for large offsets.
        origin = (x.flatten()[0] if self.per == "global" else x[0]).double()
        shift = sum((part.double() - origin).sum(dims) for part in x.split(_CHUNK)) / count
        mean = origin + shift
        variance = sum((part.double() - mean).square().sum(dims) for part in x.split(_CHUNK)) / count
        spread = torch.as_tensor(variance).sqrt()
        if not spread.isfinite().all():
            raise DataError("Standardize cannot be fitted to data with NaN or infinite values.")
        self._moments = mean, spread.where(spread > 0, 1.0)
        return self

    @property
    def mean(self) -> Tensor:
        """The mean, float64; of a sample's shape, or a scalar."""
        return self._fitted()[0]

    @property
    def spread(self) -> Tensor:
        """The standard deviation, float64, 1 where there is none; of the mean's shape."""
        return self._fitted()[1]

    def transform(self, x: Tensor | ArrayLike) -> Tensor:
        """Return ``(x - mean) / spread``: computed in float64; float32, but float64 for a float64 tensor."""
        return self._map(x, lambda part: (part - self.mean) / self.spread)

    def inverse(self, z: Tensor | ArrayLike) -> Tensor:
        """Return ``z * spread + mean``, in the same types."""
        return self._map(z, lambda part: part * self.spread + self.mean)

    def state_dict(self) -> dict[str, Tensor]:
        """Return mean and spread."""
        return {"mean": self.mean, "spread": self.spread}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the mean and spread of `state_dict`."""
        self._moments = state["mean"].double(), state["spread"].double()

    def _fitted(self) -> tuple[Tensor, Tensor]:
        if self._moments is None:
            raise InputError(
                "Standardize is used before it is fitted.", remedy="call fit(x) on the training split"
            )
        return self._moments

    def _map(self, x: Tensor | ArrayLike, function: Callable[[Tensor], Tensor]) -> Tensor:
        wide = isinstance(x, Tensor) and x.dtype == torch.float64
        x = _tensor(x)
        result = torch.empty(x.shape, dtype=torch.float64 if wide else torch.float32)
        for part, into in zip(x.split(_CHUNK), result.split(_CHUNK), strict=True):
            into.copy_(function(part.double()))
        return result


def _tensor(x: Tensor | ArrayLike) -> Tensor:
    return x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))
