"""Sparse gradients: a rule that a zero gradient does not move is applied to the rows that have one."""

from __future__ import annotations

from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.engine import Entry, Table
from thalweg.formula import Program
from thalweg.formula.expression import in_order, size
from thalweg.formula.oracle import is_lazy
from thalweg.optim.state import Bundle
from thalweg.optim.views import plain


def require_lazy(owner: str, program: Program, p: Tensor) -> None:
    """Refuse a sparse gradient where the update moves elements whose gradient is zero.

    Raises:
        InputError: It does.
    """
    if not is_lazy(program) or _reads_a_whole_tensor(program):
        raise InputError(
            f"A gradient {tuple(p.shape)} is sparse, and {owner} as it is set moves elements without a gradient.",
            expected="a dense gradient, or a rule that leaves such elements alone: SGD without momentum, Adagrad",
            remedy="make the embedding with sparse=False, and leave decay and averages out for a sparse one",
        )


def _reads_a_whole_tensor(program: Program) -> bool:
    """Whether sums or sizes of the rows with a gradient would be other than those of the tensor."""
    outputs = in_order(program.tensors.values())
    return size() in outputs or any(node.payload != "member" for node in program.sums)


class Compact:
    """The rows of a bundle's parameters and states that have a gradient, copied into a table of their own."""

    def __init__(self, bundle: Bundle) -> None:
        self.table = Table(bundle.program, [], [bundle.row])
        self._moves: list[tuple[Tensor, tuple[Tensor, ...], Tensor]] = []
        gradients: list[Tensor] = []
        for p, slots in zip(bundle.params, bundle.slots, strict=True):
            assert p.grad is not None
            g = p.grad.coalesce()
            index = tuple(g.indices())
            copies = [t.detach()[index] for t in (p, *slots)]
            self._moves += [(t.detach(), index, copy) for t, copy in zip((p, *slots), copies, strict=True)]
            self.table.entries.append(Entry(plain(copies[0]), tuple(map(plain, copies[1:])), 0))
            gradients.append(plain(g.values()))
        self.table.gradients = gradients

    def spread(self) -> None:
        """Put the copies back."""
        for t, index, copy in self._moves:
            t.index_put_(index, copy)
