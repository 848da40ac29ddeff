"""Labels: targets that number the classes from 0."""

from __future__ import annotations

from typing import TypeGuard

import torch
from torch import Tensor

from thalweg.core.errors import DataError


def are_labels(y: Tensor | None) -> TypeGuard[Tensor]:
    """Tell whether targets are labels: whole numbers, one a sample.

    Example:
        >>> are_labels(torch.tensor([0, 2])), are_labels(torch.tensor([0.5])), are_labels(None)
        (True, False, False)
    """
    return y is not None and y.ndim == 1 and y.dtype == torch.int64


def labels_within(labels: Tensor, classes: int, name: str, *, ignored: int | None = None) -> None:
    """Check that labels lie in ``[0, classes)``, but for the one that the loss ignores.

    Raises:
        DataError: Some do not.
    """
    outside = (labels < 0) | (labels >= classes)
    if ignored is not None:
        outside &= labels != ignored
    if outside.any():
        raise DataError(
            f"Labels outside the classes in {name}.",
            got=f"{int(outside.sum())} of {labels.numel()} labels; they range from {int(labels.min())} "
            f"to {int(labels.max())}",
            expected=f"0 to {classes - 1}, for {classes} classes",
            remedy="number the classes from 0, or give the model one output a class",
        )
