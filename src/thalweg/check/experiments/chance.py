"""Chance: the loss of a model that knows how often each target comes, and nothing of the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Link = Callable[[Tensor], Tensor]

ROUNDS = 40
"""Iterations of the search for the best outputs: losses are convex in them, or nearly."""

BOUNDLESS = 1e4
"""A loss that the search brings below minus this has no lower bound."""

CLOSE = 1e-3
"""How near sums of probabilities are to 1 in float32 after a softmax, amply."""


def link_of(output: Tensor) -> Link:
    """Return the map from any numbers to outputs of the kind that a model gives.

    Args:
        output: Of a batch, shape ``(b, ...)``; classes lie along dimension 1.

    Example:
        >>> link_of(torch.randn(8, 3).softmax(1))(torch.zeros(1, 4)).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    if output.is_complex():
        return lambda c: c
    if output.ndim > 1 and output.shape[1] > 1:
        if _all_near(output.logsumexp(1), 0.0):
            return lambda c: c.log_softmax(1)
        if output.min() >= 0 and _all_near(output.sum(1), 1.0):
            return lambda c: c.softmax(1)
    if output.min() >= 0:
        rectified = output.max() > 1 or bool((output == 0).any())
        return functional.softplus if rectified else torch.sigmoid
    return lambda c: c


def chance(loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, y: Tensor) -> float:
    """Return the least loss of outputs that are the same for every sample; NaN if there is no least one.

    Of cross-entropy it is the entropy of the labels (log C where C classes are as frequent), of the squared error
    the variance of the targets, whatever the weights and the smoothing of the loss.

    Args:
        loss: From (output, target) to a scalar.
        output: What the model gives for these samples; its kind and form count, not its values.
        y: The targets; of labels at several places of a sample the output is the same for all places.

    Example:
        >>> from torch.nn import CrossEntropyLoss, MSELoss
        >>> round(chance(CrossEntropyLoss(), torch.randn(30, 3), torch.arange(30) % 3), 4)  # log 3
        1.0986
        >>> values, y = torch.tensor([[-1.0], [0.0], [1.0], [2.0]]), torch.tensor([[1.0], [1.0], [3.0], [3.0]])
        >>> round(chance(MSELoss(), values, y), 4)
        1.0
    """
    same = torch.zeros_like(output[:1])
    if not y.is_floating_point() and output.ndim > 2:
        same = same.mean(tuple(range(2, output.ndim)), keepdim=True)
    return _least(loss, link_of(output), same, output.shape, y)


def attainable(
    loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, y: Tensor, link: Link | None = None
) -> float:
    """Return the least loss that outputs of this kind can have if each is chosen freely; NaN if there is none.

    Args:
        loss: From (output, target) to a scalar.
        output: What the model gives for these samples; its form counts.
        y: The targets.
        link: The kind; that of the outputs if left out.

    Example:
        >>> from torch.nn import CrossEntropyLoss
        >>> two = torch.tensor([[0.3, 0.7], [0.5, 0.5]])  # probabilities, where cross-entropy takes logits
        >>> round(attainable(CrossEntropyLoss(), two, torch.tensor([0, 1])), 2)
        0.31
    """
    return _least(loss, link or link_of(output), torch.zeros_like(output), output.shape, y)


def floor(loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, y: Tensor) -> float:
    """Return the least loss that any outputs can have which the loss takes; NaN if there is none.

    Example:
        >>> from torch.nn import CrossEntropyLoss
        >>> two = torch.tensor([[0.3, 0.7], [0.5, 0.5]])
        >>> round(floor(CrossEntropyLoss(), two, torch.tensor([0, 1])), 2)
        0.0
    """
    free = _least(loss, lambda c: c, torch.zeros_like(output), output.shape, y)
    return free if math.isfinite(free) else attainable(loss, output, y)


def _least(
    loss: Callable[[Tensor, Tensor], Tensor], link: Link, start: Tensor, shape: torch.Size, y: Tensor
) -> float:
    """Return the least loss of linked numbers, expanded to a shape, that a search from `start` finds."""
    chosen = start.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
    search = torch.optim.LBFGS([chosen], max_iter=ROUNDS, line_search_fn="strong_wolfe")

    seen = list[float]()

    def value() -> Tensor:
        chosen.grad = None  # `zero_grad` loads the whole compiler, seconds of work
        found = loss(link(chosen).expand(shape), y)
        found.backward()
        seen.append(float(found.detach()))
        return found

    try:
        with torch.enable_grad():
            search.step(value)
    except (RuntimeError, ValueError, IndexError, TypeError):  # a loss that takes no such outputs
        return math.nan
    least = min(filter(math.isfinite, seen), default=math.nan)
    return least if least > -BOUNDLESS else math.nan


def _all_near(values: Tensor, target: float) -> bool:
    return bool(((values - target).abs() < CLOSE).all())
