"""Reshapes: do they keep numbers on their axes?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from thalweg.check.look import Seen, look
from thalweg.check.looks.answer import flow
from thalweg.check.looks.suspect import suspect
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.init.flow import Node

RESHAPING = ("view", "reshape")


@look("Do reshapes keep numbers on their axes?", "tensor_shape", trains=False)
def reshapes(subject: Subject) -> Iterator[Seen]:
    """Yield reshapes to the same sizes in another order, which scrambles what a transpose would turn."""
    nodes = [node for node in flow(subject) if node.word in RESHAPING]
    turned = [(node, shapes) for node in nodes if (shapes := _turned(node))]
    for node, (before, after) in turned:
        yield suspect(
            "tensor_shape",
            Severity.ERROR,
            f"{node.name} in forward",
            f"{node.name} takes {before} to {after}: sizes change places, numbers do not: each row mixes several",
            "turn axes with transpose or permute; view and reshape only cut the same row of numbers anew",
            weight=0.85,
            change=(f"permute in place of {node.name}", _permuting),
            explains=("capacity_too_small", "labels_wrong", "overfitting"),
        )
    if nodes and not turned:
        yield Passed(name="reshapes", evidence=f"{len(nodes)} reshapes, none of which lets axes change places")


def _turned(node: Node) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the sizes before and after a reshape that lets axes change places; None if it does not."""
    if not node.arguments or not isinstance(node.arguments[0], Tensor):
        return None
    before = node.arguments[0]
    after = wanted(before, node.arguments[1:], node.keywords)
    return (tuple(before.shape), after) if after and turns(tuple(before.shape), after) else None


def wanted(x: Tensor, sizes: Any, keywords: dict[str, Any]) -> tuple[int, ...] | None:
    """Return the shape that a reshape asks for, or None where it asks for something else, such as a dtype."""
    given: Any = sizes or (keywords.get("shape", keywords.get("size")),)
    given = given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given
    if not all(isinstance(size, int) for size in given):
        return None
    known = torch.Size([size for size in given if size != -1]).numel()
    return tuple(x.numel() // max(known, 1) if size == -1 else size for size in given)


def turns(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Return whether a reshape keeps the batch and the sizes of a sample, but for their order.

    Example:
        >>> turns((8, 5, 3), (8, 3, 5)), turns((8, 1, 5, 5), (8, 5, 5, 1)), turns((8, 5, 3), (8, 15))
        (True, False, False)
    """
    own, other = ([size for size in shape[1:] if size != 1] for shape in (before, after))
    return before[:1] == after[:1] and own != other and sorted(own) == sorted(other)


class _Permutes(TorchFunctionMode):
    """Does a permute where a reshape would let axes change places."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in RESHAPING and args and isinstance(args[0], Tensor):
            x = args[0]
            after = wanted(x, args[1:], kwargs or {})
            if after and len(after) == x.ndim and turns(tuple(x.shape), after):
                return x.permute(_order(tuple(x.shape), after)).contiguous()
        return func(*args, **kwargs or {})


def _order(before: tuple[int, ...], after: tuple[int, ...]) -> list[int]:
    """Return the axes of the one shape in the order of the other; axes of one size keep theirs."""
    left = list(range(len(before)))
    order = list[int]()
    for size in after:
        order.append(next(axis for axis in left if before[axis] == size))
        left.remove(order[-1])
    return order


def _permuting(setup: Setup) -> Setup:
    return setup.replace(mended=(*setup.mended, _permute))


def _permute(model: nn.Module, optimizer: Optimizer) -> None:
    inner = model.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        with _Permutes():
            return inner(*args, **kwargs)

    model.forward = forward
