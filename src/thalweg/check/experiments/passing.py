"""Passing: a set-up whose model lets gradients through where it detaches, to try what that costs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from thalweg.check.setup import Setup

WORDS = "gradients let through detach(), .data and no_grad() of the model"

_DETACHING = (Tensor.detach, torch.detach, Tensor.data.__get__)  # pyright: ignore[reportAttributeAccessIssue]


class _Passing(TorchFunctionMode):
    """Does nothing where a graph would be cut."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _DETACHING:
            return args[0].view_as(args[0])
        if func is torch._C._set_grad_enabled and not args[0]:  # pyright: ignore[reportPrivateUsage]
            return None
        return func(*args, **kwargs or {})


def passing(setup: Setup) -> Setup:
    """Return the set-up with a model that detaches nothing in its forward pass.

    Example:
        >>> import thalweg as tw
        >>> setup = Setup.of(tw.problems.resolve("digits/logistic"))
        >>> len(passing(setup).mended)
        1
    """
    return setup.replace(mended=(*setup.mended, let_through))


def let_through(model: nn.Module, optimizer: Optimizer | None = None) -> None:
    """Have a model detach nothing in its forward pass."""
    del optimizer
    inner = model.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        with _Passing():
            return inner(*args, **kwargs)

    model.forward = forward
