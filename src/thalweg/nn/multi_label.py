"""Several labels a sample: a binary loss for each label."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn import functional

from thalweg.nn.loss import Loss, per_sample, same_shape


@final
class MultiLabelSigmoidLoss(Loss):
    """Cross-entropy of one sigmoid a label, summed: ``-sum over l of y_l log p_l + (1 - y_l) log(1 - p_l)``.

    With ``p_l = 1 / (1 + exp(-s_l))``. Differs from ``torch.nn.BCEWithLogitsLoss``, whose mean divides by the
    number of labels too.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: scores and targets, each ``(b, L)`` with targets in [0, 1], that differ in
            shape.

    Example:
        >>> import torch
        >>> MultiLabelSigmoidLoss()(torch.zeros(4, 2), torch.tensor([[0, 1]] * 4))
        tensor(1.3863)

    Reference:
        Goodfellow, Bengio & Courville 2016, "Deep Learning", section 6.2.2.2, for each label.
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        same_shape(self, output, target)
        return per_sample(
            functional.binary_cross_entropy_with_logits(output, target.to(output.dtype), reduction="none")
        )


@final
class MultiLabelHingeLoss(Loss):
    """Hinge of each label, summed: ``sum over l of max(0, 1 - t_l s_l)`` with ``t_l = 2 y_l - 1``.

    Differs from ``torch.nn.MultiLabelMarginLoss``, which compares every label that a sample has with every one
    that it lacks.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: scores and targets, each ``(b, L)`` with targets 0 or 1, that differ in shape.

    Example:
        >>> import torch
        >>> MultiLabelHingeLoss()(torch.tensor([[0.5, -3.0]]), torch.tensor([[1, 0]]))
        tensor(0.5000)

    Reference:
        Rifkin & Klautau 2004, "In defense of one-vs-all classification", with any number of labels.
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        same_shape(self, output, target)
        signs = 2 * target.to(output.dtype) - 1
        return per_sample(functional.relu(1 - signs * output))
