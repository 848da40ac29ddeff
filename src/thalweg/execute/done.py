"""Done: an operation of torch's that was done, and how it is done again on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

Operation = torch._ops.OpOverload  # pyright: ignore[reportPrivateUsage]
Outputs = Sequence[Tensor | None]

_CONSTANT = ("scalar_tensor", "full", "zeros", "ones", "new_zeros", "new_ones", "new_full", "arange")
"""What the names of operations begin with that fill a tensor with the same each time."""

_ALIKE = ("add", "sub", "mul", "div", "neg", "exp", "ne", "eq", "where", "mm", "bmm", "gather", "cat", "argmax")
"""Operations that torch has a function for, of the same name and arguments."""


class Done:
    """An operation that was done.

    Attributes:
        changes: Whether it changes what it was given.
        read: The memory that it was given.
        written: The memory that it wrote to.
        anew: Whether all its results lie in new memory.
    """

    def __init__(
        self, operation: Operation, args: Sequence[Any], kwargs: Mapping[str, Any], found: Sequence[Any]
    ) -> None:
        self.operation, self.args, self.kwargs, self.found = operation, args, kwargs, found
        self.changes = operation._schema.is_mutable  # pyright: ignore[reportPrivateUsage]
        self.read = {memory_of(t) for t in tensors_in((*args, *kwargs.values()))}
        results = {memory_of(t) for t in tensors_in(found)}
        self.written = results if self.changes else results - self.read
        self.anew = len(self.written) == len(found) and not self.changes

    @property
    def is_constant(self) -> bool:
        """Whether its results depend on no tensor's values."""
        return not self.read or self.operation.overloadpacket.__name__.startswith(_CONSTANT)

    def given(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Done:
        """Return the operation with the same results of something else."""
        return Done(self.operation, args, kwargs, self.found)

    def again(self) -> Callable[[], object]:
        """Return what does it again, into the same tensors."""
        if self.changes:
            return partial(self.operation, *self.args, **self.kwargs)
        if self.operation is torch.ops.aten._to_copy.default and isinstance(self.args[0], Tensor):
            return partial(torch.ops.aten.copy_.default, self.found[0], self.args[0])
        places = None if self._fails_into else _into(self.operation)
        if places and self.anew and len(places[1]) == len(self.found):
            outs = dict(zip(places[1], self.found, strict=True))
            return partial(_plain(self.operation) or places[0], *self.args, **self.kwargs, **outs)
        return self._copied

    @property
    def _fails_into(self) -> bool:
        """Whether torch gives something else where it writes into a tensor: seen of inputs that have gaps."""
        return self.operation is torch.ops.aten.native_batch_norm.default and not self.args[0].is_contiguous()

    def _copied(self) -> None:
        found = self.operation(*self.args, **self.kwargs)
        for kept, new in zip(self.found, listed(found), strict=True):
            if isinstance(kept, Tensor):
                kept.copy_(new)


def _plain(operation: Operation) -> Callable[..., object] | None:
    """Return torch's own function for an operation, whose call costs half as much; None if it takes others."""
    name = operation.overloadpacket.__name__
    return getattr(torch, name) if name in _ALIKE else None


@cache
def _into(operation: Operation) -> tuple[Operation, list[str]] | None:
    """Return the form of an operation that writes into tensors it is given, and their names; None without one."""
    wanted = [(a.name, str(a.type)) for a in operation._schema.arguments]  # pyright: ignore[reportPrivateUsage]
    packet = operation.overloadpacket
    for name in packet.overloads():
        arguments = getattr(packet, name)._schema.arguments
        outs = [a.name for a in arguments if a.is_out]
        if outs and [(a.name, str(a.type)) for a in arguments if not a.is_out] == wanted:
            return getattr(packet, name), outs
    return None


def memory_of(tensor: Tensor) -> int:
    """Return what tensors have in common that share memory."""
    return tensor.untyped_storage().data_ptr()


def listed(found: Any) -> Sequence[Any]:
    """Return what an operation returned as a flat list."""
    if not isinstance(found, list | tuple):
        return [found]
    return [one for part in found for one in listed(part)]


def tensors_in(values: Sequence[Any]) -> Iterator[Tensor]:
    """Yield the tensors among values, however deep they lie in lists."""
    for one in values:
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from tensors_in(one)


def apart(value: Any) -> Any:
    """Return the same tensors without their history."""
    if isinstance(value, Tensor):
        return value.detach() if value.requires_grad else value
    return type(value)(map(apart, value)) if type(value) in (list, tuple) else value
