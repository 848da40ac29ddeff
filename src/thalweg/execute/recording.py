"""Recording: what a function asks of torch, written down to be done again on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

Operation = torch._ops.OpOverload  # pyright: ignore[reportPrivateUsage]
Outputs = Sequence[Tensor | None]

_UNREPEATABLE = ("_local_scalar_dense", "resize_", "set_", "mkldnn_rnn_layer")
"""Operations that hand a value to Python, move a tensor elsewhere, or do something else where autograd is off."""

_CONSTANT = ("scalar_tensor", "full", "zeros", "ones", "new_zeros", "new_ones", "new_full", "arange")
"""What the names of operations begin with that fill a tensor with the same each time."""

_ALIKE = ("add", "sub", "mul", "div", "neg", "exp", "ne", "eq", "where", "mm", "bmm", "gather", "cat", "argmax")
"""Operations that torch has a function for, of the same name and arguments."""


class Recording(TorchDispatchMode):
    """The operations of one call of a function, beneath autograd and vmap, and the tensors that they touched.

    These tensors are kept, so that to play the recording is to do the operations again, in order, from and into
    the memory that they had. None of the function's Python runs then, and next to nothing is allocated.

    Args:
        function: From tensors to tensors; a pass over parameters that it holds on to.
        inputs: What it is called on.
        most: Bytes that may be kept.

    Attributes:
        outputs: What it returned; played, they hold what it would return.
        obstacle: Why it cannot be played; empty if it can.
        nbytes: Of the memory that is kept.

    Example:
        >>> weight = torch.ones(2, requires_grad=True)
        >>> square = Recording(lambda x: torch.autograd.grad((weight * x).square().sum(), weight), [torch.ones(2)])
        >>> square.play(torch.tensor([1.0, 3.0]))[0]
        tensor([ 2., 18.])
    """

    def __init__(self, function: Callable[..., Outputs], inputs: Sequence[Tensor], most: int = 2**62) -> None:
        super().__init__()
        self._done: list[_Done] = []
        self._most, self.nbytes = most, 0
        self.obstacle = ""
        self.inputs = [torch.clone(given) for given in inputs]
        with self:
            self.outputs = function(*self.inputs)
        with torch.no_grad():
            self._calls = [] if self.obstacle else [done.again() for done in self._of_use()]
        del self._done

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do an operation, and write it down."""
        found = func(*args, **(kwargs or {}))
        if self.obstacle:
            return found
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.obstacle = f"{func} draws random numbers"
        elif func.overloadpacket.__name__ in _UNREPEATABLE:
            self.obstacle = f"{func} cannot be done again by itself"
        named = {name: _apart(value) for name, value in (kwargs or {}).items()}
        done = _Done(func, _apart(args), named, _listed(_apart(found)))
        self.nbytes += sum(t.nbytes for t in _tensors(done.found)) if done.anew else 0
        if self.nbytes > self._most:
            self.obstacle = f"it would keep more than {self._most:,} bytes"
        self._done.append(done)
        if self.obstacle:
            self._done.clear()
        return found

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Whether torch is to import its compiler for this, which takes a second."""
        return False

    @torch.no_grad()
    def play(self, *inputs: Tensor) -> Outputs:
        """Do it again on inputs of the same shapes; what is returned is overwritten by the next time."""
        for kept, given in zip(self.inputs, inputs, strict=True):
            kept.copy_(given)
        for call in self._calls:
            call()
        return self.outputs

    def _of_use(self) -> list[_Done]:
        """Return the operations without those that nothing depends on, or that give the same every time."""
        own = set[int]().union(*(done.written for done in self._done if not done.changes))
        changed = set[int]().union(*(done.written for done in self._done if done.changes))
        wanted = {_memory(t) for t in self.outputs if t is not None}
        found: list[_Done] = []
        for done in reversed(self._done):
            used = done.written and (done.written & wanted or done.written - own)
            if used and not (done.is_constant and not done.written & changed):
                wanted |= done.read
                found.append(done)
        return found[::-1]


class _Done:
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
        self.read = {_memory(t) for t in _tensors((*args, *kwargs.values()))}
        results = {_memory(t) for t in _tensors(found)}
        self.written = results if self.changes else results - self.read
        self.anew = len(self.written) == len(found) and not self.changes

    @property
    def is_constant(self) -> bool:
        """Whether its results depend on the shape of what it was given alone."""
        name = self.operation.overloadpacket.__name__
        return name.startswith(_CONSTANT)

    def again(self) -> Callable[[], object]:
        """Return what does it again, into the same tensors."""
        if self.changes:
            return partial(self.operation, *self.args, **self.kwargs)
        if self.operation is torch.ops.aten._to_copy.default and isinstance(self.args[0], Tensor):
            return partial(torch.ops.aten.copy_.default, self.found[0], self.args[0])
        places = _into(self.operation)
        if places and self.anew and len(places[1]) == len(self.found):
            outs = dict(zip(places[1], self.found, strict=True))
            return partial(_plain(self.operation) or places[0], *self.args, **self.kwargs, **outs)
        return self._copied

    def _copied(self) -> None:
        found = self.operation(*self.args, **self.kwargs)
        for kept, new in zip(self.found, _listed(found), strict=True):
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


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _listed(found: Any) -> Sequence[Any]:
    """What an operation returned, as a flat list."""
    if not isinstance(found, list | tuple):
        return [found]
    return [one for part in found for one in _listed(part)]


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    return (one for one in _listed(values) if isinstance(one, Tensor))


def _apart(value: Any) -> Any:
    """The same tensors without their history."""
    if isinstance(value, Tensor):
        return value.detach() if value.requires_grad else value
    return type(value)(map(_apart, value)) if type(value) in (list, tuple) else value
