"""Spared: products with 1, which need not be done again. Batched matrix products scale the bias that they add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from thalweg.execute.done import Done, Outputs, memory_of

_PRODUCTS = (torch.ops.aten.mul.Tensor, torch.ops.aten.mul.Scalar)

Instead = Mapping[int, tuple[Tensor, Tensor]]
"""By its memory, a result that is spared, and the factor that is read in its place."""


def spared(done: Sequence[Done], outputs: Outputs) -> tuple[list[Done], Outputs]:
    """Return operations, and outputs, without products with 1.

    An output stays in memory of its own, that no other output shares and nobody else holds on to.

    Args:
        done: Operations, in order.
        outputs: What they are done for.
    """
    changed = set[int]().union(*(one.written for one in done if one.changes))
    made = set[int]().union(*(one.written for one in done))
    held = {memory_of(t) for t in outputs if t is not None}
    kept, instead = list[Done](), dict[int, tuple[Tensor, Tensor]]()
    for one in done:
        new = one.given(*_put((one.args, one.kwargs), instead)) if one.read & instead.keys() else one
        if not _is_neutral(new) or (new.read | new.written) & changed:
            kept.append(new)
            continue
        product, factor = new.found[0], new.args[0]
        own, other = memory_of(product), memory_of(factor)
        if own in held and (other in held or other not in made):
            kept.append(new)
            continue
        instead[own] = product, factor
        held |= {other} if own in held else set()
    return kept, _put(outputs, instead)


def _is_neutral(one: Done) -> bool:
    """Whether an operation gives what it was given, laid out in memory as that is."""
    if one.operation not in _PRODUCTS or isinstance(one.args[1], Tensor) or one.args[1] != 1:
        return False
    product, factor = one.found[0], one.args[0]
    return (product.shape, product.stride(), product.dtype) == (factor.shape, factor.stride(), factor.dtype)


def _put(value: Any, instead: Instead) -> Any:
    """Return values with the tensors that are read instead in their places, seen as those were."""
    if isinstance(value, Tensor):
        product, factor = instead.get(memory_of(value), (value, None))
        if factor is None:
            return value
        offset = value.storage_offset() - product.storage_offset() + factor.storage_offset()
        return factor.as_strided(value.shape, value.stride(), offset)
    if isinstance(value, dict):
        return {name: _put(one, instead) for name, one in value.items()}
    return type(value)(_put(one, instead) for one in value) if type(value) in (list, tuple) else value
