"""Label smoothing: a share of each target's probability is spread evenly over all classes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import InputError

Loss = Callable[[Tensor, Tensor], Tensor]


class Smoothed(NamedTuple):
    """Cross-entropy with smoothed targets, ``(1 - eps) hard + eps even``: it is linear in the share eps.

    So one share or, under ``torch.func.vmap``, one a member can be given as a number, and all that a loss has
    beside (class weights, an ignored index) is torch's.

    Attributes:
        hard: The cross-entropy against the targets alone.
        even: The same against all classes alike.
        own: The share that the loss itself has.

    Example:
        >>> import torch
        >>> output, target = torch.randn(5, 3), torch.arange(5) % 3
        >>> ours = smoothed(nn.CrossEntropyLoss())(output, target, 0.1)
        >>> torch.allclose(ours, nn.CrossEntropyLoss(label_smoothing=0.1)(output, target))
        True

    Reference:
        Szegedy et al. 2016, "Rethinking the inception architecture for computer vision", section 7.
    """

    hard: Loss
    even: Loss
    own: float

    def __call__(self, output: Tensor, target: Tensor, share: float | Tensor) -> Tensor:
        """Return the loss of a batch, smoothed by a share in [0, 1]."""
        hard, even = self.hard(output, target), self.even(output, target)
        if isinstance(share, Tensor):  # rounded as a number of Python's is
            return (1 - share).to(hard.dtype) * hard + share.to(hard.dtype) * even
        return (1 - share) * hard + share * even


def smoothed(loss: Loss) -> Smoothed:
    """Return a loss whose targets can be smoothed.

    Args:
        loss: `torch.nn.CrossEntropyLoss` or `torch.nn.functional.cross_entropy`.

    Raises:
        InputError: Another loss.
    """
    if loss is functional.cross_entropy:
        at = partial(partial, functional.cross_entropy)
        return Smoothed(at(label_smoothing=0.0), at(label_smoothing=1.0), 0.0)
    if not isinstance(loss, nn.CrossEntropyLoss):
        name = getattr(loss, "__name__", type(loss).__name__)
        raise InputError(
            f"The targets of {name} cannot be smoothed.",
            got=f"label_smoothing with the loss {name}",
            expected="nn.CrossEntropyLoss or functional.cross_entropy",
            remedy="smooth the targets inside your own loss, and leave label_smoothing out",
        )
    hard, even = copy.copy(loss), copy.copy(loss)
    hard.label_smoothing, even.label_smoothing = 0.0, 1.0
    return Smoothed(hard, even, loss.label_smoothing)
