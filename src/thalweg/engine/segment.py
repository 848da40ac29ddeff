"""Segment: tensors of one device and one set of dtypes as a table of pointers, the work of one kernel call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.formula import Program

CHUNK = 32768
"""Elements a row of the table: enough to hide the cost of a row, few enough to share out among threads."""


@dataclass
class Entry:
    """One parameter with its state slots in the program's order, and whose hyper-parameters it follows.

    Attributes:
        p: The parameter.
        slots: Its states, each of the parameter's shape.
        row: The number of its row; of the first, if there are several members.
        members: Into how many equal parts its first axis falls, each with a row of its own.
        number: What stochastic rounding knows it by.
        whole: Elements of the tensor of which `p` is the part held here; 0 if `p` is all of it.
    """

    p: Tensor
    slots: tuple[Tensor, ...]
    row: int
    members: int = 1
    number: int = 0
    whole: int = 0


class Layout:
    """The columns of a table: pointers to p, g and the slots, then numbers."""

    def __init__(self, program: Program) -> None:
        self.pointers = 2 + len(program.slots)
        first = self.pointers
        self.count, self.row, self.unit, self.offset, self.number = range(first, first + 5)
        self.width = first + 5
        self.numbers = 1 + len(program.sums)


class Segment:
    """Entries with their pointers, kept from step to step and refreshed where one has changed.

    A unit is a member's part of an entry. Tensors that are not laid out in memory as their parameter is, or
    whose parameter has gaps, are worked on in copies.

    Args:
        program: What will be computed.
        entries: Entries whose tensors agree in device and dtypes.
        places: Their places among the gradients of the whole table.
        dtype: Of the gradients.

    Attributes:
        pointers: int64, one row a chunk; see `Layout`.
        units: Row number and size of every unit, in order.
        size: Elements in all.
        version: Grows with every change of `pointers`.
        begun: How many chunks of the present run have been taken.
        resident: What a lowering keeps of all this on the device.
    """

    def __init__(
        self, program: Program, entries: Sequence[Entry], places: Sequence[int], dtype: torch.dtype
    ) -> None:
        self.entries, self.places = entries, places
        self.layout = Layout(program)
        self.device = entries[0].p.device
        self.dtypes = [t.dtype for t in (entries[0].p, entries[0].p, *entries[0].slots)]
        self.dtypes[1] = dtype
        self.params = [entry.p for entry in entries]
        self.strides = [_strides(entry.p, entry.members) for entry in entries]
        self.copies = self._copies()
        self._contiguous = all(map(Tensor.is_contiguous, self.params))
        self._gradients: list[int] = []
        self._numels = [p.numel() for p in self.params]
        self.fed: Sequence[Tensor] = ()
        self.begun = np.zeros(1, dtype=np.int64)
        self._lay_out()
        self.version = 0
        self.resident: Any = None

    def feed(self, gradients: Sequence[Tensor], addresses: list[int]) -> None:
        """Point to these gradients, which lie at these addresses, until `release`."""
        if self._contiguous:
            aligned = all(map(Tensor.is_contiguous, gradients))
        else:
            aligned = [g.stride() for g in gradients] == self.strides
        if list(map(Tensor.numel, gradients)) != self._numels:
            raise InputError("A gradient has another shape than its parameter.", remedy="clear it: zero_grad()")
        if not aligned:
            gradients = [
                g if g.stride() == strides else _like(g, strides).copy_(g)
                for g, strides in zip(gradients, self.strides, strict=True)
            ]
            addresses = list(map(Tensor.data_ptr, gradients))
        self.fed = gradients
        if addresses != self._gradients:
            self._gradients = addresses
            base = np.array(addresses, dtype=np.int64)
            self.pointers[:, 1] = base[self._entry] + self._offset * self.dtypes[1].itemsize
            self.version += 1

    def copy_in(self) -> None:
        """Bring what is worked on in copies up to date."""
        for original, copy in self.copies:
            copy.copy_(original)

    def release(self) -> None:
        """Write back what was worked on in copies, and let go of the gradients."""
        for original, copy in self.copies:
            original.copy_(copy)
        self.fed = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The dtypes of parameters, gradients and slots by name."""
        return tuple(str(dtype).removeprefix("torch.") for dtype in self.dtypes)

    @cached_property
    def rows(self) -> Tensor:
        """The row of every unit."""
        return torch.tensor([row for row, _ in self.units])

    @cached_property
    def sizes(self) -> Tensor:
        """The number of elements of every unit, wherever they lie, float64, on the device."""
        sizes = [
            entry.whole or entry.p.numel() // entry.members for entry in self.entries for _ in range(entry.members)
        ]
        return torch.tensor(sizes, dtype=torch.float64, device=self.device)

    @cached_property
    def addresses(self) -> tuple[int, int]:
        """Where `begun` and `pointers` lie."""
        return self.begun.ctypes.data, self.pointers.ctypes.data

    def _copies(self) -> list[tuple[Tensor, Tensor]]:
        self.working: list[tuple[Tensor, ...]] = []
        found: list[tuple[Tensor, Tensor]] = []
        for entry, strides in zip(self.entries, self.strides, strict=True):
            own = []
            for t in (entry.p.detach(), *entry.slots):
                if t.stride() == strides:
                    own.append(t)
                else:
                    own.append(_like(t, strides))
                    found.append((t, own[-1]))
            self.working.append(tuple(own))
        return found

    def _lay_out(self) -> None:
        """Cut every unit into chunks."""
        sizes = [entry.p.numel() // entry.members for entry in self.entries]
        self.units = [
            (entry.row + member, size)
            for entry, size in zip(self.entries, sizes, strict=True)
            for member in range(entry.members)
        ]
        rows: list[
            tuple[int, ...]
        ] = []  # entry, offset in the entry, count, row, unit, offset in the unit, number
        unit = 0
        for place, (entry, size) in enumerate(zip(self.entries, sizes, strict=True)):
            for member in range(entry.members):
                for start in range(0, size, CHUNK):
                    count = min(CHUNK, size - start)
                    at = member * size + start
                    rows.append((place, at, count, entry.row + member, unit, start, entry.number))
                unit += 1
        cut = np.array(rows, dtype=np.int64).reshape(-1, 7)
        self._entry, self._offset = cut[:, 0], cut[:, 1]
        self.size = sum(size for _, size in self.units)
        self.pointers = np.zeros((len(cut), self.layout.width), dtype=np.int64)
        self.pointers[:, self.layout.pointers :] = cut[:, 2:]
        for column, place in enumerate((0, *range(2, self.layout.pointers))):
            base = np.array([tensors[column].data_ptr() for tensors in self.working], dtype=np.int64)
            self.pointers[:, place] = base[self._entry] + self._offset * self.dtypes[place].itemsize

    def units_of_chunks(self) -> npt.NDArray[np.int64]:
        """The unit that each chunk belongs to."""
        return np.ascontiguousarray(self.pointers[:, self.layout.unit])


def _like(t: Tensor, strides: tuple[int, ...]) -> Tensor:
    return torch.empty_strided(t.shape, strides, dtype=t.dtype, device=t.device)


def _strides(p: Tensor, members: int) -> tuple[int, ...]:
    """The parameter's own strides if each member fills its memory without gaps, else a contiguous tensor's."""
    if p.is_contiguous():
        return p.stride()
    expected = 1
    for stride, size in sorted(zip(p.stride(), p.shape, strict=True)):
        if size != 1 and (members > 1 or stride != expected):
            return torch.empty(p.shape, device="meta").stride()
        expected *= size
    return p.stride()
