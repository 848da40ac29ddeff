"""One against the rest: a binary hinge for every class."""

from __future__ import annotations

from typing import final

from torch import Tensor
from torch.nn import functional

from thalweg.nn.labels import own_scores
from thalweg.nn.loss import Loss


@final
class OneVsRestHingeLoss(Loss):
    """One-vs-rest hinge loss: ``max(0, 1 - s_y) + sum over c != y of max(0, 1 + s_c)``.

    C binary support vector machines, trained side by side.

    Args:
        reduction: See `Loss`.

    Raises:
        ModelError: In `forward`: scores ``(b, C, ...)`` and labels ``(b, ...)`` that do not fit.
        DataError: In `forward`: labels outside the classes.

    Example:
        >>> import torch
        >>> OneVsRestHingeLoss()(torch.tensor([[0.5, 1.0, -2.0]]), torch.tensor([0]))
        tensor(2.5000)

    Reference:
        Rifkin & Klautau 2004, "In defense of one-vs-all classification".
    """

    def each(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample."""
        index, own = own_scores(output, target)
        return functional.relu(1 + output.scatter(1, index, -own)).sum(1)
