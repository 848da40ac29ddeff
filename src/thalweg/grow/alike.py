"""Alike: whether a grown model still computes what the old one did, tried on the example."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from thalweg.core.errors import ModelError
from thalweg.grow.trace import Example, run, tensors

SLACK = {torch.float64: 1e-9, torch.float32: 1e-3}
"""How much an output may differ, relative to the largest: the order of sums changes, a slip shows far more."""


def require_alike(layer: str, expected: Sequence[Tensor], new: nn.Module, example: Example, remedy: str) -> None:
    """Run the new model on the example, in evaluation mode, and compare what it gives.

    Args:
        layer: What was grown.
        expected: What the old model gave.
        new: The model after.
        example: Its input.
        remedy: What the user can do if they differ.

    Raises:
        ModelError: The new model cannot be run, or gives something else.
    """
    try:
        got = tensors(run(new, example))
    except ModelError as error:
        raise _unlike(layer, str(error.got), remedy) from error
    for one, other in zip(expected, got, strict=True):
        _require_equal(layer, one, other, remedy)


def _require_equal(layer: str, one: Tensor, other: Tensor, remedy: str) -> None:
    if one.shape != other.shape:
        raise _unlike(layer, f"outputs of shape {tuple(other.shape)} in place of {tuple(one.shape)}", remedy)
    if not one.is_floating_point() or not one.numel():
        return
    one, other = one.nan_to_num(), other.nan_to_num()
    difference, largest = (one - other).abs().max().item(), one.abs().max().item()
    if difference > SLACK.get(one.dtype, 0.05) * max(largest, 1e-6):
        raise _unlike(layer, f"outputs that differ by {difference:.3g}; the largest is {largest:.3g}", remedy)


def _unlike(layer: str, got: str, remedy: str) -> ModelError:
    return ModelError(
        f"The model that grew at {layer} does not compute what it did.",
        got=got,
        expected="the same outputs on the example; something in the model's own code depends on the width",
        remedy=remedy,
    )
