"""Elementwise preprocessing: every value is mapped by itself, by the constants of its feature, channel or all."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.data.preprocess.preprocessor import Preprocessor, misfit

Per = Literal["feature", "global", "channel"]


class Elementwise(Preprocessor):
    """A preprocessor with one set of constants a feature, a channel (the first dimension of a sample), or in all.

    Args:
        per: ``"feature"``, ``"channel"`` or ``"global"``.

    Raises:
        InputError: Another word.
    """

    def __init__(self, per: Per = "feature") -> None:
        super().__init__()
        if per not in ("feature", "global", "channel"):
            raise InputError(
                f"{self.name} cannot do that.", got=f"per={per!r}", expected="'feature', 'global' or 'channel'"
            )
        self.per: Per = per

    def _rows(self, x: Tensor) -> Tensor:
        """Return the values as a matrix with one column for each set of constants."""
        match self.per:
            case "feature":
                return x.flatten(1) if x.ndim > 1 else x[:, None]
            case "global":
                return x.reshape(-1, 1)
            case "channel":
                return x.movedim(1, -1).flatten(0, -2)

    def _constant_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape of constants that broadcast over samples of `shape`."""
        match self.per:
            case "feature":
                return shape
            case "global":
                return torch.Size()
            case "channel":
                if not shape:
                    raise misfit(self.name, shape, "samples of shape (channels, ...)")
                return torch.Size((shape[0], *[1] * (len(shape) - 1)))

    def _check(self, shape: torch.Size, forth: bool) -> None:
        fitted = self._state[self.keys[0]].shape
        if self._constant_shape(shape) != fitted:
            channels = f"{len(fitted)} dimensions with {fitted[:1].numel()} channels"
            raise misfit(self.name, shape, fitted if self.per == "feature" else channels)
