"""Follow: where the copies of a unit go through a call of torch, found by trying the call on random numbers.

No list says that a ReLU or a pooling treats features alike. The call is made twice, on random values and on the
same with features copied; if the second time it gives what it gave the first time, with features copied, the
copies have gone through it, and the figures tell where they lie now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from thalweg.grow.trace import Call, Value, Weight, leaves, replaced, tensors

TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the features of a value lie, and which each is a copy of.

    Attributes:
        axis: The dimension, counted from the last: -1, -2 ...
        index: From new feature to old, integers.
        size: How many old ones there are.
    """

    axis: int
    index: Tensor
    size: int

    def copied(self, tensor: Tensor) -> Tensor:
        """Return `tensor` with its features copied."""
        return tensor.index_select(self.axis, self.index)


@dataclass(frozen=True, eq=False)
class Followed:
    """How copies went through a call.

    Attributes:
        outputs: The layout of each tensor that it gave; ``None`` where nothing is copied.
        given: The layouts of its arguments, those of weights and of other values among them: what has to be
            copied too.
    """

    outputs: list[Layout | None]
    given: Mapping[Value | Weight, Layout]


def follow(call: Call, layouts: Mapping[Value, Layout]) -> Followed | None:
    """Return how the copies go through `call`; ``None`` if what it gives are no copies.

    Args:
        call: A call of which at least one value has copied features.
        layouts: Those values.
    """
    plain: dict[Value | Weight, Layout] = {value: layouts[value] for value in call.values() if value in layouts}
    main = next(iter(plain.values()))
    if "dropout" in call.name:  # every feature has a mask of its own
        return Followed([main for _ in call.outputs], plain)
    own = {weight: layout for weight in call.weights() if (layout := _of_weight(weight.tensor, main))}
    others = [value for value in call.values() if value not in plain and _is_beside(value.tensor, main)]
    beside = dict.fromkeys(others, main)
    for given in (plain, plain | own, plain | beside, plain | own | beside):
        for place in _resizable(call, main):
            if (outputs := _tried(call, given, main, place)) is not None:
                return Followed(outputs, given)
    return None


def _of_weight(tensor: Tensor, main: Layout) -> Layout | None:
    """Where a weight has one element a feature: on the same dimension, or on its only one, as norms have it."""
    if _is_beside(tensor, main):
        return main
    return Layout(-1, main.index, main.size) if tuple(tensor.shape) == (main.size,) else None


def _is_beside(tensor: Tensor, main: Layout) -> bool:
    return tensor.ndim >= -main.axis and tensor.shape[main.axis] == main.size


def _resizable(call: Call, main: Layout) -> Iterator[int | None]:
    """Yield ``None``, then the place of each size among the arguments that may have followed from the width."""
    yield None
    for place, leaf in enumerate(leaves((call.args, call.kwargs))):
        whole = isinstance(leaf, int) and not isinstance(leaf, bool) and leaf > 1
        if whole and leaf * len(main.index) % main.size == 0:
            yield place


def _tried(
    call: Call, given: Mapping[Value | Weight, Layout], main: Layout, place: int | None
) -> list[Layout | None] | None:
    """Make the call on random numbers without and with copies; returns the layouts of what it gives."""
    old = _drawn(call)
    new = {leaf: given[leaf].copied(tensor) if leaf in given else tensor for leaf, tensor in old.items()}
    try:
        before = _made(call, old, main, None)
        after = _made(call, new, main, place)
    except Exception:  # the sizes do not go together
        return None
    if len(before) != len(after):
        return None
    found: list[Layout | None] = []
    for one, other in zip(before, after, strict=True):
        is_copy, layout = _compared(one, other, main)
        if not is_copy:
            return None
        found.append(layout)
    return found


def _drawn(call: Call) -> dict[Value | Weight, Tensor]:
    """Random numbers in place of what is floating, away from 0 and infinity; labels and masks as they were."""
    random = torch.Generator().manual_seed(0)
    drawn: dict[Value | Weight, Tensor] = {}
    for leaf in (*call.values(), *call.weights()):
        tensor = leaf.tensor
        if tensor.is_floating_point():
            tensor = 0.1 + 0.8 * torch.rand(tensor.shape, dtype=torch.float64, generator=random)
        drawn[leaf] = tensor.cpu()
    return drawn


def _made(call: Call, given: Mapping[Value | Weight, Tensor], main: Layout, place: int | None) -> list[Tensor]:
    """Return what the call gives for these tensors, the size at one place in proportion to the width."""
    count = -1

    def change(leaf: Any) -> Any:
        nonlocal count
        count += 1
        if isinstance(leaf, Value | Weight):
            return given[leaf].clone()  # it may write into it
        if isinstance(leaf, torch.dtype) and leaf.is_floating_point:
            return torch.float64
        return leaf * len(main.index) // main.size if isinstance(leaf, int) and count == place else leaf

    args, kwargs = replaced((call.args, call.kwargs), change)
    return tensors(call.function(*args, **kwargs))


def _compared(before: Tensor, after: Tensor, main: Layout) -> tuple[bool, Layout | None]:
    """Whether `after` is `before` with copies, and which; none at all if they are equal."""
    if before.shape == after.shape:
        return _are_equal(before, after), None
    if before.ndim != after.ndim or before.is_complex():
        return False, None
    axes = [axis for axis in range(-before.ndim, 0) if before.shape[axis] != after.shape[axis]]
    if len(axes) != 1:
        return False, None
    (axis,) = axes
    size = before.shape[axis]
    same = size == main.size and after.shape[axis] == len(main.index)
    layout = Layout(axis, main.index if same else _matched(before, after, axis), size)
    return _are_equal(layout.copied(before), after), layout


def _matched(before: Tensor, after: Tensor, axis: int) -> Tensor:
    """For every slice of `after` the slice of `before` that is nearest, by a random projection."""
    one, other = (tensor.movedim(axis, 0).flatten(1).double() for tensor in (before, after))
    direction = torch.rand(one.shape[1], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    keys, order = (one @ direction).sort()
    sought = other @ direction
    right = torch.searchsorted(keys, sought).clamp(0, len(keys) - 1)
    left = (right - 1).clamp(min=0)
    nearest = torch.where((keys[left] - sought).abs() < (keys[right] - sought).abs(), left, right)
    return order[nearest]


def _are_equal(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    dtype = torch.complex128 if one.is_complex() else torch.float64
    return torch.allclose(one.to(dtype), other.to(dtype), rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
