"""Together: the optimizers of many copies of one model, stepped by one launch a program."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from thalweg.engine import Entry, Table, launch
from thalweg.formula import Program
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.state import Bundle


def can_join(optimizer: torch.optim.Optimizer) -> bool:
    """Whether an optimizer is an elementwise rule that steps as plainly as any other of its kind.

    Example:
        >>> from thalweg.optim import Adam, Muon
        >>> p = torch.nn.Parameter(torch.ones(2, 2))
        >>> can_join(Adam([p])), can_join(Muon([p])), can_join(torch.optim.Adam([p]))
        (True, False, False)
    """
    if not isinstance(optimizer, RuleOptimizer) or optimizer.defaults["differentiable"]:
        return False
    return not any(p.is_complex() for group in optimizer.param_groups for p in group["params"])


class Together:
    """One update for the optimizers of many copies of one model, each with its own rule, settings and count.

    The parameters of all copies lie in stacks, one for each parameter of the model; the states are brought
    into stacks too, so that a kernel runs over all copies of a program, a row of scalars each.

    While it is in use nobody else steps those optimizers; `sync` before their state is read, and make it anew
    after it was changed, or moved.

    Args:
        optimizers: One a copy, each with groups of the same sizes.
        stacks: The stack ``(copies, ...)`` of every parameter, in the order of the groups; parameter i of copy k
            is ``stacks[i][k]``.
        used: The places, in that order, of the parameters that have a gradient.
    """

    def __init__(self, optimizers: Sequence[RuleOptimizer], stacks: Sequence[Tensor], used: Sequence[int]) -> None:
        self.optimizers, self.stacks, self.used = optimizers, stacks, used
        self.bundles = [self._gather(member, optimizer) for member, optimizer in enumerate(optimizers)]
        self._tables: dict[Program, Table] = {}
        self._fed: dict[Program, list[tuple[int, slice]]] = {}
        for group in range(len(optimizers[0].param_groups)):
            self._stack_group([bundles[group] for bundles in self.bundles])
        self._programs = self.programs()

    def programs(self) -> list[list[Program]]:
        """Return what the settings of each optimizer now ask for, a program a group."""
        return [list(o.settings.programs(o.param_groups)) for o in self.optimizers]

    def reread(self, members: Sequence[int]) -> bool:
        """Take over the settings of these members, which have changed; False if they ask for other programs."""
        for member in members:
            optimizer = self.optimizers[member]
            if optimizer.settings.programs(optimizer.param_groups) != self._programs[member]:
                return False
            self._read(member, optimizer)
        return True

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Update all copies.

        Args:
            gradients: The gradient of each stack in `used`, in that order.
        """
        for program, table in self._tables.items():
            table.gradients = [gradients[place][members] for place, members in self._fed[program]]
        launch(list(self._tables.values()))
        torch.autograd.graph.increment_version(self.stacks)

    def sync(self) -> None:
        """Write counts and scalar states into the states of the optimizers."""
        for bundle in (bundle for bundles in self.bundles for bundle in bundles):
            bundle.write_numbers()

    @contextmanager
    def showing(self) -> Generator[None]:
        """Have theta, or the average, in the place of the parameters inside, as `RuleOptimizer.eval` does."""
        shown = [table for program, table in self._tables.items() if program.shown is not None]
        kept = [[entry.p.detach().clone() for entry in table.entries] for table in shown]
        launch([Table(table.program.show, table.entries, table.rows) for table in shown], count=False)
        try:
            yield
        finally:
            for table, stash in zip(shown, kept, strict=True):
                for entry, p in zip(table.entries, stash, strict=True):
                    entry.p.copy_(p)

    def _gather(self, member: int, optimizer: RuleOptimizer) -> list[Bundle]:
        params = [p for group in optimizer.param_groups for p in group["params"]]
        chosen = {id(params[place]) for place in self.used}
        bundles = optimizer.plan.gather(lambda p: id(p) in chosen)
        assert len(bundles) == len(optimizer.param_groups), "the parameters of a copy were not stepped alike"
        for bundle in bundles:
            bundle.read_numbers()
            bundle.row.member = member
            bundle.row.hyper = optimizer.settings.values(optimizer.param_groups[bundle.group], bundle.program)
        return bundles

    def _read(self, member: int, optimizer: RuleOptimizer) -> None:
        for bundle in self.bundles[member]:
            bundle.row.hyper = optimizer.settings.values(optimizer.param_groups[bundle.group], bundle.program)

    def _stack_group(self, bundles: Sequence[Bundle]) -> None:
        """Enter a group of every copy into the tables: copies of one program side by side are one entry."""
        number = bundles[0].group
        first = sum(len(group["params"]) for group in self.optimizers[0].param_groups[:number])
        start = 0
        for program, run in groupby(bundles, key=lambda bundle: bundle.program):
            same = list(run)
            members = slice(start, start + len(same))
            start += len(same)
            table = self._tables.setdefault(program, Table(program, [], []))
            fed = self._fed.setdefault(program, [])
            for at, place in enumerate(same[0].places):
                slots = self._stack_slots(same, self.optimizers[members], at)
                p = self.stacks[first + place].detach()[members]
                table.entries.append(Entry(p, slots, len(table.rows), len(same), first + place))
                fed.append((self.used.index(first + place), members))
            table.rows += [bundle.row for bundle in same]

    def _stack_slots(
        self, bundles: Sequence[Bundle], optimizers: Sequence[RuleOptimizer], at: int
    ) -> tuple[Tensor, ...]:
        """Bring the states of one parameter into stacks, and have each copy's state point there."""
        stacked: list[Tensor] = []
        for place, name in enumerate(bundles[0].program.slots):
            stack = torch.stack([bundle.slots[at][place] for bundle in bundles])
            for view, bundle, optimizer in zip(stack, bundles, optimizers, strict=True):
                own: dict[str, Any] = optimizer.state[bundle.params[at]]
                own[optimizer.form.state_key(name)] = view
            stacked.append(stack)
        return tuple(stacked)
