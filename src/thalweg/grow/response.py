"""Response: how the state of an optimizer follows from gradients and parameters, found by trying it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.optim import RuleOptimizer

PARAMETER = "parameter"
"""The response of a slot that grows with the parameter, such as an average of it."""

_STEPS = 3
_GRADIENT = 1e4  # so large that what guards a division does not count
_DECAYS = ("weight_decay", "decoupled_decay", "lambd")

Response = float | str


def responses(optimizer: torch.optim.Optimizer, group: Mapping[str, Any]) -> dict[str, Response]:
    """Return for every slot of a group's parameters how it grows with the gradients.

    The optimizer's rule is followed on a small parameter, with gradients g and again with 2g: a slot that becomes
    2^d times as large has the degree d. A velocity or a first moment has degree 1, a second moment 2, steps that
    gradients were normalized for 0. A slot that is there without any gradient is an average of the parameter.

    Args:
        optimizer: Any torch optimizer that needs no closure.
        group: One of its groups.

    Returns:
        By key in the state of a parameter, the degree or ``"parameter"``; a key whose tensor has another form, or
        follows neither law, is left out.

    Example:
        >>> p = nn.Parameter(torch.zeros(2))
        >>> adam = torch.optim.Adam([p])
        >>> responses(adam, adam.param_groups[0])
        {'exp_avg': 1.0, 'exp_avg_sq': 2.0}
    """
    (start, still), (_, once), (_, twice) = (
        _tried(optimizer, group, size) for size in (0.0, _GRADIENT, 2 * _GRADIENT)
    )
    found: dict[str, Response] = {}
    for key, slot in once.items():
        if not isinstance(slot, Tensor) or slot.shape != (2, 2):
            continue
        if key in still and torch.allclose(still[key], start):
            found[key] = PARAMETER
        elif (degree := _degree(slot, twice[key])) is not None:
            found[key] = degree
    return found


def _degree(once: Tensor, twice: Tensor) -> float | None:
    """The whole number d with ``twice = 2^d once``, if there is one; 1 for what is zero, whatever its power."""
    if not once.any() and not twice.any():
        return 1.0
    ratio = (twice / once).abs()[once != 0]
    degree = math.log2(ratio.median().item()) if len(ratio) and ratio.median() > 0 else math.nan
    if math.isfinite(degree) and torch.allclose(twice, once * 2.0 ** round(degree), rtol=1e-3, atol=0.0):
        return float(round(degree))
    return None


def _tried(
    optimizer: torch.optim.Optimizer, group: Mapping[str, Any], size: float
) -> tuple[Tensor, dict[str, Any]]:
    """Where a parameter was, and its state after a few steps with gradients of this size."""
    random = torch.Generator().manual_seed(0)
    p = nn.Parameter(1.0 + torch.rand(2, 2, generator=random, dtype=torch.float64))
    trial = type(optimizer).__new__(type(optimizer))
    settings = {**group, **_neutral(optimizer, group), "params": [p]}
    trial.__setstate__({"defaults": optimizer.defaults, "state": defaultdict(dict), "param_groups": [settings]})
    start = p.detach().clone()
    for _ in range(_STEPS):
        p.grad = size * torch.randn(2, 2, generator=random, dtype=torch.float64)
        trial.step()
    return start, dict(trial.state[p])


def _neutral(optimizer: torch.optim.Optimizer, group: Mapping[str, Any]) -> dict[str, Any]:
    """What a group is given so that only the rule itself is tried: no decay, no clipping."""
    changed: dict[str, Any] = {name: 0.0 for name in _DECAYS if name in group}
    if isinstance(optimizer, RuleOptimizer):
        changed |= {option.name: option.neutral for option in optimizer.form.options if not option.shows}
        changed |= {"rounding": "nearest", "differentiable": False}
    return changed | {"lr": 1e-3}
