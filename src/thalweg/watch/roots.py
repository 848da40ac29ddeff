"""Roots: what a backward pass began with, found from within it, and how it relates to a loss."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

from thalweg.watch.update import tensors

SCALED = ("MulBackward0", "DivBackward0")
"""What makes a loss larger or smaller: a scaler, or the number of parts of a batch."""

FAR = 16
"""Operations between a loss and what goes backward, at most."""


def root_of_this() -> Tensor | None:
    """Return the single number whose backward pass this is, where Python called it in this thread.

    A function cannot be hooked as a module can, but while a hook runs, the call of ``backward`` waits further up.
    """
    frame, code = sys._getframe(1), torch.autograd.backward.__code__
    while frame is not None:
        if frame.f_code is code:
            roots = tensors(frame.f_locals.get("tensors"))
            return roots[0] if len(roots) == 1 and roots[0].numel() == 1 else None
        frame = frame.f_back
    return None


def is_scaled(root: Tensor) -> bool:
    """Return whether a number was last multiplied or divided.

    Example:
        >>> loss = torch.ones(1, requires_grad=True).sum()
        >>> is_scaled(loss / 4), is_scaled(loss)
        (True, False)
    """
    return root.grad_fn is not None and root.grad_fn.name() in SCALED


def is_multiple(root: Tensor, loss: Any) -> bool:
    """Return whether a root is a loss, or made of it alone.

    Example:
        >>> p = torch.ones(2, requires_grad=True)
        >>> loss = p.sum()
        >>> is_multiple(loss / 4, loss), is_multiple(loss + p.square().sum(), loss)
        (True, False)
    """
    node = root.grad_fn
    for _ in range(FAR):
        if node is None or not isinstance(loss, Tensor) or node is loss.grad_fn:
            return True
        before = [one for one, _ in node.next_functions if one is not None]
        if len(before) != 1:
            return False
        node = before[0]
    return True
