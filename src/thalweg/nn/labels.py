"""Labels: the score of each sample's own class, and what is said of labels that fit no class."""

from __future__ import annotations

import torch
from torch import Tensor

from thalweg.core.errors import DataError, ModelError


def own_scores(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the labels as an index along dimension 1, and the score at each: shapes ``(b, 1, ...)``.

    Args:
        scores: Shape ``(b, C, ...)``.
        labels: Shape ``(b, ...)``, int64, each in ``[0, C)``.

    Raises:
        ModelError: The labels do not fit the scores in shape or dtype.
        DataError: A label outside the classes. (Under vmap or in a compiled graph the error is torch's own, on a
            GPU the device's assertion.)

    Example:
        >>> own_scores(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1, 0]))[1].tolist()
        [[2.0], [3.0]]
    """
    plain = isinstance(scores, Tensor) and scores.ndim >= 2
    if not plain or labels.shape != (len(scores), *scores.shape[2:]) or labels.dtype != torch.int64:
        raise ModelError(
            "The targets are no labels for these scores.",
            got=f"{type(scores).__name__} of shape {tuple(scores.shape)}, targets of shape {tuple(labels.shape)}, "
            f"{labels.dtype}",
            expected="a tensor of scores (b, C, ...) and int64 labels (b, ...), one a sample",
            remedy="give the model one output a class, and class labels as integers: y.long()",
        )
    index = labels.unsqueeze(1)
    try:
        return index, scores.gather(1, index)
    except (IndexError, RuntimeError) as error:
        raise outside(labels, scores.shape[1]) or error from None


def outside(labels: Tensor, classes: int) -> DataError | None:
    """Return the error that tells of labels outside ``[0, classes)``; ``None`` if none is, or vmap hides them.

    A lookup that failed asks this, so that one that succeeds costs nothing.
    """
    try:
        low, high = int(labels.min()), int(labels.max())
    except RuntimeError:
        return None
    if low >= 0 and high < classes:
        return None
    return DataError(
        "Labels outside the classes.",
        got=f"labels from {low} to {high}",
        expected=f"0 to {classes - 1}, for {classes} classes",
        remedy="number the classes from 0, or make room for them: one output, or one count, a class",
    )
