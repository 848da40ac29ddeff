"""Known: models that compute the same operations for every batch, so that these need be found out only once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

HOMES = ("torch.nn.modules.", "torch.nn.functional", "thalweg.nn.", "thalweg.problems.")
"""Where classes and functions live whose Python depends on shapes and on the mode alone."""

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def not_known(model: nn.Module, functions: Iterable[Callable[..., Any]]) -> str:
    """Name what may do something else from batch to batch, as Python of a user's own may; empty if nothing may.

    Args:
        model: Every module of it has to be of a class of torch's or thalweg's own, without hooks.
        functions: Losses and metrics.

    Example:
        >>> class Moody(nn.Linear):
        ...     def forward(self, x):
        ...         return super().forward(x)
        >>> not_known(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), [nn.functional.mse_loss])
        ''
        >>> not_known(nn.Sequential(Moody(2, 2)), [])
        '0 is a Moody'
    """
    losses = [function for function in functions if isinstance(function, nn.Module)]
    for name, module in [*model.named_modules(), *(pair for loss in losses for pair in loss.named_modules())]:
        place = name or "the whole"
        if not type(module).__module__.startswith(HOMES):
            return f"{place} is a {type(module).__name__}"
        if "forward" in vars(module) or any(vars(module)[hooks] for hooks in HOOKS):
            return f"{place} has a hook, or a forward of its own"
    unknown = (f for f in functions if not isinstance(f, nn.Module) and not _home(f).startswith(HOMES))
    return next((f"{getattr(f, '__qualname__', f)} is a function of its own" for f in unknown), "")


def _home(function: Callable[..., Any]) -> str:
    return getattr(function, "__module__", None) or ""
