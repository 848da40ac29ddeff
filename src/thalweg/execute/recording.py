"""Recording: what a function asks of torch, written down to be done again on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from thalweg.execute.done import Done, Operation, Outputs, apart, listed, memory_of, tensors_in
from thalweg.execute.spared import spared

_UNREPEATABLE = ("_local_scalar_dense", "resize_", "set_", "mkldnn_rnn_layer")
"""Operations that hand a value to Python, move a tensor elsewhere, or do something else where autograd is off."""


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
        program: What is done to what, whatever the sizes.
        nbytes: Of the memory that is kept.

    Example:
        >>> weight = torch.ones(2, requires_grad=True)
        >>> square = Recording(lambda x: torch.autograd.grad((weight * x).square().sum(), weight), [torch.ones(2)])
        >>> square.play(torch.tensor([1.0, 3.0]))[0]
        tensor([ 2., 18.])
    """

    def __init__(self, function: Callable[..., Outputs], inputs: Sequence[Tensor], most: int = 2**62) -> None:
        super().__init__()
        self._done: list[Done] = []
        self._most, self.nbytes = most, 0
        self.obstacle = ""
        self.inputs = [torch.clone(given) for given in inputs]
        with self:
            self.outputs = function(*self.inputs)
        with torch.no_grad():
            used, self.outputs = spared([] if self.obstacle else self._of_use(), self.outputs)
            self.program = _program(used, self.outputs)
            self._calls = [done.again() for done in used]
        del self._done

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do an operation, and write it down; another view of the same memory is not one."""
        found = func(*args, **(kwargs or {}))
        if self.obstacle or (func.is_view and _lies_in(args[0], found)):
            return found
        self.obstacle = _unfit(func)
        named = {name: apart(value) for name, value in (kwargs or {}).items()}
        done = Done(func, apart(args), named, listed(apart(found)))
        self.nbytes += sum(t.nbytes for t in tensors_in(done.found)) if done.anew else 0
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

    def _of_use(self) -> list[Done]:
        """Return the operations without those that nothing depends on, or that give the same every time."""
        own = set[int]().union(*(done.written for done in self._done if not done.changes))
        changed = set[int]().union(*(done.written for done in self._done if done.changes))
        wanted = {memory_of(t) for t in self.outputs if t is not None}
        found: list[Done] = []
        for done in reversed(self._done):
            used = done.written and (done.written & wanted or done.written - own)
            if used and not (done.is_constant and not done.written & changed):
                wanted |= done.read
                found.append(done)
        return found[::-1]


def _lies_in(given: Any, found: Any) -> bool:
    """Whether an operation that may give a view, as ``reshape`` may, gave one."""
    return isinstance(found, Tensor) and isinstance(given, Tensor) and memory_of(found) == memory_of(given)


@cache
def _unfit(operation: Operation) -> str:
    """Say why an operation cannot be done again; empty if it can."""
    if torch.Tag.nondeterministic_seeded in operation.tags:
        return f"{operation} draws random numbers"
    name = operation.overloadpacket.__name__
    return f"{operation} cannot be done again by itself" if name in _UNREPEATABLE else ""


def _program(done: Sequence[Done], outputs: Outputs) -> Hashable:
    """Name the operations with the memory that each reads and writes, numbered as it first appears."""
    places: dict[int, int] = {}

    def numbered(values: Sequence[Any]) -> tuple[int, ...]:
        return tuple(places.setdefault(memory_of(t), len(places)) for t in tensors_in(values))

    steps = [(one.operation, numbered((*one.args, *one.kwargs.values(), *one.found))) for one in done]
    return (*steps, numbered(outputs))
