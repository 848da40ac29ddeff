"""Loss: what all losses here share: one number a sample, and how a batch becomes one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, get_args

from torch import Tensor, nn

from thalweg.core.errors import InputError, ModelError

Reduction = Literal["mean", "sum", "none"]


class Loss(nn.Module, ABC):
    """Base of the losses: ``forward(output, target)`` is the mean over the batch of one number a sample.

    Args:
        reduction: ``"mean"`` over the batch, ``"sum"``, or ``"none"`` for the numbers themselves.

    Raises:
        InputError: Another reduction.

    Example:
        >>> import torch
        >>> class Miss(Loss):
        ...     def each(self, output, target):
        ...         return (output.argmax(1) != target).float()
        >>> scores, labels = torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([1, 1])
        >>> Miss()(scores, labels), Miss(reduction="none")(scores, labels)
        (tensor(0.5000), tensor([0., 1.]))
    """

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        if reduction not in get_args(Reduction):
            raise InputError(
                "reduction is unusable.", got=repr(reduction), expected=f"one of {', '.join(get_args(Reduction))}"
            )
        self.reduction = reduction

    @abstractmethod
    def each(self, output: Any, target: Tensor) -> Tensor:
        """Return the loss of each sample (each position, where an output has several)."""

    def forward(self, output: Any, target: Tensor) -> Tensor:
        """Return the loss of a batch: a scalar, unless the reduction is ``"none"``.

        Args:
            output: What the model gives for the batch.
            target: What it should give.
        """
        losses = self.each(output, target)
        if self.reduction == "none":
            return losses
        return losses.mean() if self.reduction == "mean" else losses.sum()

    def extra_repr(self) -> str:
        """Return the arguments, for `repr`."""
        return f"reduction={self.reduction!r}"


def same_shape(loss: Loss, output: Tensor, target: Tensor) -> None:
    """Check that output and targets are tensors of one shape: broadcasting would train on nonsense.

    Raises:
        ModelError: They are not.
    """
    if not isinstance(output, Tensor) or output.shape != target.shape:
        raise ModelError(
            f"{type(loss).__name__} compares outputs with targets of another shape.",
            got=f"{type(output).__name__} of shape {tuple(output.shape)}, targets of shape {tuple(target.shape)}",
            expected="tensors of the same shape",
            remedy="give the model one output a number of the target; make targets (b,) to (b, 1) by y[:, None]",
        )


def per_sample(values: Tensor) -> Tensor:
    """Return the sum over all dimensions but the first."""
    return values.flatten(1).sum(1) if values.ndim > 1 else values
