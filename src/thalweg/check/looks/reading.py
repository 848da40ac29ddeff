"""Reading: what a loss takes outputs for, found out by what it does with them, whatever it is called."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from enum import Enum

import torch
from torch import Tensor, nn
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]

CLOSE = 1e-3
"""Relative difference of two losses that are the same but for rounding in float32."""

SURE = 30.0
"""A logit beyond which cross-entropy of a right output is nothing."""


class Reading(Enum):
    """What a loss takes outputs for.

    ``LOGITS``: scores of classes, brought to probabilities inside. ``LOG_PROBABILITIES``: their logarithms, of
    which that of the label counts as it is. ``PROBABILITIES``: the logarithm is taken inside. ``BINARY_LOGITS``,
    ``BINARY_PROBABILITIES``: the same for one yes or no each. ``VALUES``: numbers like the targets, best if equal.
    """

    LOGITS = "scores of classes"
    LOG_PROBABILITIES = "log-probabilities"
    PROBABILITIES = "probabilities"
    BINARY_LOGITS = "scores of yes and no"
    BINARY_PROBABILITIES = "probabilities of yes and no"
    VALUES = "values"


def value(loss: Loss, output: Tensor, y: Tensor) -> float:
    """Return the loss of outputs; NaN if it cannot take them or gives no single number."""
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(loss(output, y))
    except Exception:  # of the user's own code
        return math.nan


def reading(loss: Loss, output: Tensor, y: Tensor) -> Reading | None:
    """Return what a loss takes outputs for; None if that cannot be told.

    Args:
        loss: From (output, target) to the mean over the batch.
        output: Of the model, for its shape and type.
        y: Targets of these samples.

    Example:
        >>> z, y = torch.randn(8, 3), torch.arange(8) % 3
        >>> reading(nn.CrossEntropyLoss(), z, y), reading(functional.nll_loss, z, y)
        (<Reading.LOGITS: 'scores of classes'>, <Reading.LOG_PROBABILITIES: 'log-probabilities'>)
        >>> reading(lambda output, y: functional.nll_loss(output.log(), y), z, y).value
        'probabilities'
        >>> reading(nn.MSELoss(), torch.zeros(8, 1), torch.randn(8, 1)).value
        'values'
    """
    drawn = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output.dtype)
    if labels_of(output, y):
        return _of_labels(loss, drawn, y)
    if y.is_floating_point() and y.numel() == output.numel():
        return _of_numbers(loss, drawn, y)
    if not y.is_floating_point() and output.numel() == y.numel():
        return Reading.VALUES if _is_quadratic(loss, drawn, y) else None
    return None


def labels_of(output: Tensor, y: Tensor) -> bool:
    """Tell whether targets number the entries of dimension 1 of outputs.

    Example:
        >>> labels_of(torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64))
        True
    """
    whole = not (y.is_floating_point() or y.is_complex())
    return (
        whole and output.ndim == y.ndim + 1 and output.shape[:1] == y.shape[:1] and output.shape[2:] == y.shape[1:]
    )


def _of_labels(loss: Loss, z: Tensor, y: Tensor) -> Reading | None:
    y = y.clamp(max=z.shape[1] - 1)
    at = value(loss, z, y)
    likely = z.softmax(1)
    if math.isfinite(at) and not _same(at, value(loss, -2 * z, y)):
        lifted = z + torch.linspace(0, 3, len(z), dtype=z.dtype).reshape(-1, *[1] * (z.ndim - 1))
        if _same(at, value(loss, lifted, y)) and z.shape[1] > 1:
            return Reading.LOGITS
        if _same(2 * at, value(loss, 2 * z, y)):
            return Reading.LOG_PROBABILITIES
        if _is_quadratic(loss, z, y):
            return Reading.VALUES
    halved = value(loss, likely / 2, y) - value(loss, likely, y)
    return Reading.PROBABILITIES if _same(abs(halved), math.log(2)) else None


def _of_numbers(loss: Loss, z: Tensor, y: Tensor) -> Reading | None:
    known = _by_name(loss)
    if known:
        return known
    shares = y.clamp(0, 1).reshape(z.shape)
    target = shares.reshape(y.shape)
    sure = value(loss, SURE * (2 * shares.round() - 1), target.round())
    inside = value(loss, shares.clamp(0.1, 0.9), target)
    outside = value(loss, z + 2, target)
    if z.ndim > 1 and z.shape[1] > 1 and _same(value(loss, z, target), value(loss, z + 1, target)):
        return Reading.LOGITS
    if _same(sure, 0) and outside > 0:
        return Reading.BINARY_LOGITS
    if math.isfinite(inside) and not math.isfinite(outside):
        return Reading.BINARY_PROBABILITIES
    return Reading.VALUES if _same(value(loss, y.reshape(z.shape).to(z.dtype), y), 0) else None


def _by_name(loss: Loss) -> Reading | None:
    """Of losses of torch's that a weight would hide."""
    if isinstance(loss, nn.BCEWithLogitsLoss) or loss is functional.binary_cross_entropy_with_logits:
        return Reading.BINARY_LOGITS
    if isinstance(loss, nn.BCELoss) or loss is functional.binary_cross_entropy:
        return Reading.BINARY_PROBABILITIES
    return None


def _is_quadratic(loss: Loss, z: Tensor, y: Tensor) -> bool:
    """Whether the loss is a polynomial of degree two along a line: a squared error of whatever was made of y."""
    way = torch.randn(z.shape, generator=torch.Generator().manual_seed(1)).to(z.dtype)
    a, b, c, d = (value(loss, z + step * way, y) for step in (0, 1, 2, 3))
    bend = a - 2 * b + c
    return math.isfinite(bend) and _same(b - 2 * c + d, bend) and not abs(bend) <= CLOSE * max(abs(a), abs(d))


def _same(one: float, other: float) -> bool:
    return math.isfinite(one) and abs(one - other) <= CLOSE * max(1.0, abs(one), abs(other))
