"""Plan: which tables a step launches; kept from step to step and made anew when what it was made of changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, chain, repeat
from operator import is_
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.engine import Entry, Table
from thalweg.formula import Program
from thalweg.optim.sharded import combiner, spread
from thalweg.optim.sparse import require_lazy
from thalweg.optim.state import Bundle, gather
from thalweg.optim.views import is_plain, is_sharded, plain

if TYPE_CHECKING:
    from thalweg.optim.optimizer import RuleOptimizer


class Plan:
    """The bundles and tables of the parameters that have a gradient.

    Args:
        optimizer: Whose groups and state it serves.
    """

    def __init__(self, optimizer: RuleOptimizer) -> None:
        self.optimizer = optimizer
        self.bundles: list[Bundle] = []
        self._tables: list[Table] = []
        self._orders: list[list[int]] = []
        self._made_of: tuple[Any, ...] = ()
        self._changes = [0]
        self._alive: list[Any] = []  # while an object lives no other has its id
        self._kept: list[Tensor] = []
        self._params: list[Tensor] = []
        self._contiguous, self._laid_out = True, list[object]()
        self._addresses: list[int] = []
        self._plain, self._sparse = True, False

    def tables(self) -> list[Table]:
        """Return the tables of this step, their rows and gradients up to date."""
        groups = self.optimizer.param_groups
        params: list[Tensor] = (
            groups[0]["params"] if len(groups) == 1 else [p for g in groups for p in g["params"]]
        )
        gradients = [p.grad for p in params]
        programs = self.optimizer.settings.programs(groups)
        made_of = self._signature(params, gradients, programs)
        if made_of != self._made_of or self._sparse or not self._is_in_place() or not self._feed(gradients):
            self._make(programs, gradients)
            self._made_of = self._signature(params, gradients, programs)
            self._alive = list(self.optimizer.state.values())
            self._feed(gradients)
        for bundle in self.bundles:
            self._update(bundle)
        return self._tables

    def _feed(self, gradients: Sequence[Tensor | None]) -> bool:
        """Give the tables their gradients; False if one has no memory of its own: it has become sparse."""
        try:
            for table, order in zip(self._tables, self._orders, strict=True):
                chosen = cast("list[Tensor]", [gradients[place] for place in order] if order else gradients)
                table.gradients = chosen if self._plain else list(map(plain, chosen))
        except RuntimeError:
            return False
        return True

    def _is_in_place(self) -> bool:
        """Whether parameters and states are where they were."""
        try:
            return self._pointers() == self._addresses and self._layouts() == self._laid_out
        except RuntimeError:  # a tensor that has lost its memory, as FSDP's do between two uses
            return False

    def _layouts(self) -> list[object]:
        """What else a parameter may change in place: at one address another length, or another order in memory."""
        params = self._params
        if self._contiguous:
            return [all(map(Tensor.is_contiguous, params)), list(map(Tensor.numel, params))]
        return [(p.shape, p.stride()) for p in params]

    def written(self) -> list[Tensor]:
        """The parameters that the tables write to."""
        return self._params

    def _pointers(self) -> list[int]:
        return list(map(Tensor.data_ptr, self._kept if self._plain else map(plain, self._kept)))

    def require_whole_and_dense(self) -> None:
        """Refuse what autograd cannot be led through.

        Raises:
            InputError: A sparse gradient or a sharded parameter.
        """
        if self._sparse or any(is_sharded(p) for bundle in self.bundles for p in bundle.params):
            raise InputError(
                "A differentiable step meets a sparse gradient or a sharded parameter.",
                remedy="make the embedding with sparse=False and do not shard, or leave differentiable out",
            )

    def replace(self, new: Sequence[Sequence[tuple[Tensor, ...]]]) -> None:
        """Put new states, and the scalar states that autograd follows, in the place of the old.

        Args:
            new: For every table the states of its entries.
        """
        optimizer = self.optimizer
        params = [p for group in optimizer.param_groups for p in group["params"]]
        for table, order, states in zip(self._tables, self._orders, new, strict=True):
            names = [optimizer.form.state_key(name) for name in table.program.slots]
            for place, slots in zip(order or range(len(params)), states, strict=True):
                p = params[place]
                slots = tuple(map(torch.view_as_complex, slots)) if p.is_complex() else slots
                optimizer.state[p].update(zip(names, slots, strict=True))
        for bundle in self.bundles:
            numbers = {name: value for name, value in bundle.row.state.items() if isinstance(value, Tensor)}
            for p in bundle.params:
                optimizer.state[p].update((optimizer.form.state_key(k), v) for k, v in numbers.items())

    def sparse_bundles(self) -> list[Bundle]:
        """Return the bundles of the parameters whose gradient is sparse.

        Raises:
            InputError: Rule or options move elements whose gradient is zero.
        """
        if not self._sparse:
            return []
        bundles = self.gather(lambda p: p.grad is not None and p.grad.is_sparse)
        for bundle in bundles:
            require_lazy(type(self.optimizer).__name__, bundle.program, bundle.params[0])
            self._update(bundle)
        return bundles

    def gather(self, chosen: Callable[[Tensor], bool], programs: Sequence[Program] | None = None) -> list[Bundle]:
        """Return the bundles of the chosen parameters."""
        optimizer = self.optimizer
        programs = programs or optimizer.settings.programs(optimizer.param_groups)
        found: list[Bundle] = []
        for number, (group, program) in enumerate(zip(optimizer.param_groups, programs, strict=True)):
            places = [place for place, p in enumerate(group["params"]) if chosen(p)]
            hyper = optimizer.settings.values(group, program)
            found += gather(number, group, places, optimizer.state, optimizer.form, program, hyper, self._changes)
        return found

    def _update(self, bundle: Bundle) -> None:
        bundle.read_numbers()
        group = self.optimizer.param_groups[bundle.group]
        bundle.row.hyper = self.optimizer.settings.values(group, bundle.program)

    def _signature(
        self, params: Sequence[Tensor], gradients: Sequence[Tensor | None], programs: Sequence[Program]
    ) -> tuple[Any, ...]:
        """What it is made of; it keeps those objects alive, so that their ids are theirs."""
        sizes = [len(group["params"]) for group in self.optimizer.param_groups]
        states = list(map(id, self.optimizer.state.values()))
        missing = list(map(is_, gradients, repeat(None)))
        return sizes, list(map(id, params)), missing, states, self._changes[0], programs

    def _make(self, programs: Sequence[Program], gradients: Sequence[Tensor | None]) -> None:
        """Sort the parameters that have a dense gradient into bundles, and these into tables."""
        self.bundles = self.gather(lambda p: p.grad is not None and not p.grad.is_sparse, programs)
        self._sparse = any(g is not None and g.is_sparse for g in gradients)
        firsts = [0, *accumulate(len(group["params"]) for group in self.optimizer.param_groups)]
        found: dict[tuple[object, ...], tuple[Table, list[int]]] = {}
        for bundle in self.bundles:
            self._enter(bundle, firsts[bundle.group], found)
        self._tables = [table for table, _ in found.values()]
        everything = list(range(len(gradients)))
        self._orders = [[] if order == everything else order for _, order in found.values()]
        self._plain = all(is_plain(p) for bundle in self.bundles for p in bundle.params)
        kept = [t for bundle in self.bundles for t in chain(bundle.params, *bundle.slots)]
        self._kept = kept
        self._addresses = self._pointers()
        self._params = [p for bundle in self.bundles for p in bundle.params]
        self._contiguous = all(map(Tensor.is_contiguous, self._params))
        self._laid_out = self._layouts()

    def _enter(self, bundle: Bundle, first: int, found: dict[tuple[object, ...], tuple[Table, list[int]]]) -> None:
        """Put a bundle into the table of its program, and of its shards if its parameters are spread."""
        p = bundle.params[0]
        new = Table(bundle.program, [], [], combine=combiner(p))
        table, order = found.setdefault((bundle.program, spread(p)), (new, []))
        for place, entry in zip(bundle.places, entries_of(bundle), strict=True):
            entry.row, entry.number = len(table.rows), first + place
            table.entries.append(entry)
            order.append(first + place)
        table.rows.append(bundle.row)


def entries_of(bundle: Bundle) -> list[Entry]:
    """Return a bundle's parameters and states as entries that point to row 0."""
    return [
        Entry(plain(p), tuple(map(plain, slots)), 0, whole=p.numel() if is_sharded(p) else 0)
        for p, slots in zip(bundle.params, bundle.slots, strict=True)
    ]
