"""Shortcuts: functions of torch's whose batched form costs more than it need, in the form that passes compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from thalweg.execute.dense import dense
from thalweg.execute.entropy import entropy

_ARGMAX = (torch.argmax, torch.Tensor.argmax)
"""Slow along an axis that is not the last in memory, as classes are not in what `dense` gives."""


class Shortcuts(TorchFunctionMode):
    """Computes layers of weights by `dense` and cross-entropy by `entropy` inside, where these serve.

    The place of the greatest output, which accuracy asks for, is what `torch.max` finds.

    Args:
        least: The least label there is: one that is smaller need not be looked for.

    Example:
        >>> x, weight, y = torch.randn(5, 4), torch.randn(3, 4), torch.tensor([0, 1, 2, 1, -100])
        >>> def loss() -> Tensor:
        ...     return functional.cross_entropy(functional.linear(x, weight), y)
        >>> with Shortcuts():
        ...     ours = loss()
        >>> torch.allclose(ours, loss())
        True
    """

    def __init__(self, least: float = float("-inf")) -> None:
        super().__init__()
        self._least = least

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Take the shortcut where there is one, and leave everything else to torch."""
        kwargs = kwargs or {}
        if func is functional.linear and _is_dense(*args, **kwargs):
            return dense(*args, **kwargs)
        if func is functional.cross_entropy and _is_plain(*args, **kwargs):
            ignored = kwargs.get("ignore_index", -100)
            return entropy(args[0], args[1], ignored if ignored >= self._least else None)
        if func in _ARGMAX and _has_axis(*args, **kwargs):
            return torch.max(*args, **kwargs).indices
        return func(*args, **kwargs)


def _has_axis(input: Tensor, dim: int | None = None, keepdim: bool = False) -> bool:  # noqa: A002  # torch's name
    return dim is not None


def _is_dense(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> bool:  # noqa: A002  # torch's name
    return input.ndim == weight.ndim == 2 and input.dtype == weight.dtype


def _is_plain(
    output: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> bool:
    """Whether a cross-entropy is the mean over labels of one class a sample."""
    mean = reduction == "mean" and size_average is None and reduce is None
    labels = target.dtype == torch.int64 and output.ndim == 2 and target.shape == output.shape[:1]
    return mean and labels and weight is None and not label_smoothing
