"""Max-norm: the incoming weights of every unit are kept within a ball."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError
from thalweg.formula.program import SHIFT
from thalweg.init.layers import Layer, Transposed
from thalweg.optim.optimizer import RuleOptimizer

AVERAGES = ("ema", "polyak")


@torch.no_grad()
def max_norm_(model: nn.Module, limit: float, optimizer: torch.optim.Optimizer | None = None) -> None:
    """Scale the incoming weights w of every unit to ``w min(1, limit / |w|)``, in place: call it after each step.

    Units are those of linear layers and the channels of convolutions; biases are left alone. Where the optimizer
    keeps the parameters at an interim point (Nesterov's), theta is limited and the interim point moves along.

    Args:
        model: The model.
        limit: The largest Euclidean norm, > 0.
        optimizer: What updates it; ``None`` for one without an interim point.

    Raises:
        InputError: No layer whose weights are limited, or an optimizer that keeps averages.

    Example:
        >>> net = nn.Linear(2, 2, bias=False)
        >>> net.weight.data = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
        >>> max_norm_(net, 1.0); net.weight.detach().norm(dim=1)
        tensor([1.0000, 0.5000])

    Reference:
        Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting", section 5.1.
    """
    for layer in limited(model, optimizer).values():
        p = layer.weight
        ahead = _ahead(optimizer, p)
        theta = p if ahead is None else p - ahead
        p.add_(excess(theta, torch.tensor(limit, dtype=torch.float64), layer), alpha=-1)


def limited(model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> dict[str, Layer]:
    """Return the layers whose weights can be limited, by the names of the weights.

    Raises:
        InputError: There is none, or the optimizer keeps an average, which would hold what was beyond the limit.
    """
    found = dict(_layers(model))
    if not found:
        raise InputError(
            "A largest norm is set, but the model has no unit whose incoming weights it could limit.",
            got=type(model).__name__,
            expected="a linear or convolution layer that is trained",
            remedy="leave max_norm out",
        )
    groups = () if optimizer is None else optimizer.param_groups
    if kept := [name for name in AVERAGES if any(group.get(name) for group in groups)]:
        raise InputError(
            "A largest norm is set beside an average of the weights, which would hold what lies beyond it.",
            got=f"max_norm with {kept[0]}",
            remedy="leave out one of them",
        )
    if getattr(optimizer, "full_batch", False):
        raise InputError(
            f"A largest norm is set, but {type(optimizer).__name__} searches along lines, which it would bend.",
            remedy="leave max_norm out, or take an optimizer that steps by mini-batches",
        )
    return found


def excess(weight: Tensor, limit: Tensor, layer: Layer) -> Tensor:
    """Return what lies beyond the limit: ``w - w min(1, limit / |w|)`` for the incoming weights w of every unit.

    Args:
        weight: The weight of the layer, or one a copy of it in a stack ``(copies, ...)``.
        limit: The largest norm, ``()`` or ``(copies,)``.
        layer: A layer of this kind.
    """
    dims = layer.weight.ndim
    w: Tensor = weight
    inputs = [*range(1 - dims, 0)]
    if isinstance(layer, Transposed):  # (in, out / groups, ...): a channel is fed by the inputs of its group
        w = w.reshape(*w.shape[:-dims], layer.groups, -1, *w.shape[1 - dims :])
        inputs = [-dims, *range(2 - dims, 0)]
    norm = w.square().sum(inputs, keepdim=True).sqrt()
    limit = limit.to(w.device, w.dtype).reshape(limit.shape + (1,) * (w.ndim - limit.ndim))
    beyond = torch.where(norm > limit, 1 - limit / norm, 0.0)
    return (w * beyond).reshape(weight.shape)


def _layers(model: nn.Module) -> Iterator[tuple[str, Layer]]:
    trained = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    for layer in model.modules():
        if isinstance(layer, Layer) and id(layer.weight) in trained:
            yield trained[id(layer.weight)], layer


def _ahead(optimizer: torch.optim.Optimizer | None, p: Tensor) -> Tensor | None:
    """Return how far a parameter is ahead of theta; None where it is theta itself."""
    if not isinstance(optimizer, RuleOptimizer) or optimizer.rule.interim is None:
        return None
    own = cast("Mapping[str, Any]", optimizer.state.get(p, {}))
    slot = own.get(optimizer.form.state_key(optimizer.rule.interim.slot))
    return None if slot is None else float(own[SHIFT]) * slot
