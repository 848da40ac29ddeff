"""Metrics: what is reported beside the loss, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Metric:
    """One measure of a batch.

    Args:
        name: Its name in results; ``"loss"`` is taken by the loss.
        function: From ``(output, target)`` to the mean over the batch, a scalar tensor.
        higher_is_better: Which way is better.
        bounds: The least and the greatest value that it can have, as far as it has them.

    Example:
        >>> import torch
        >>> error = Metric("error", lambda output, target: (output - target).abs().mean(), False)
        >>> error.function(torch.ones(2), torch.zeros(2)).item()
        1.0
    """

    name: str
    function: Callable[[Tensor, Tensor], Tensor]
    higher_is_better: bool = True
    bounds: tuple[float, float] = (-math.inf, math.inf)


def _accuracy(output: Tensor, target: Tensor) -> Tensor:
    return (output.argmax(1) == target).double().mean()


accuracy = Metric("accuracy", _accuracy, bounds=(0, 1))
"""The share of samples whose largest output, over dimension 1, is that of their label."""
