"""Table: what one program works on, as entries that point to rows of scalars."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from thalweg.engine.segment import Entry, Segment
from thalweg.formula import Program, Row

Combine = Callable[[Tensor], None]
Key = tuple[torch.device, tuple[torch.dtype, ...]]


class Table:
    """A program, its tensors and its rows; kept from step to step, so that little is to be done in each.

    Whoever keeps it makes it anew when a parameter or state moves in memory.

    Args:
        program: What to compute.
        entries: The tensors.
        rows: What the entries point to.
        gradients: The gradient of each entry, for a program that reads them.
        combine: Adds up sums in place over processes that each hold a part of every tensor.
    """

    def __init__(
        self,
        program: Program,
        entries: list[Entry],
        rows: list[Row],
        gradients: Sequence[Tensor] = (),
        combine: Combine | None = None,
    ) -> None:
        self.program, self.entries, self.rows, self.combine = program, entries, rows, combine
        self._segments: list[Segment] = []
        self._dtypes: list[torch.dtype] = []
        self._addresses: list[int] | None = None
        self._values: npt.NDArray[np.float64] = np.empty((0, 0))
        self._scalars = torch.empty(0, 0, dtype=torch.float64)
        self._hypers: list[dict[str, float] | None] = []
        self.gradients = gradients

    @property
    def gradients(self) -> Sequence[Tensor]:
        """The gradient of each entry."""
        return self._gradients

    @gradients.setter
    def gradients(self, gradients: Sequence[Tensor]) -> None:
        addresses = list(map(Tensor.data_ptr, gradients))
        if addresses != self._addresses:
            dtypes = [g.dtype for g in gradients]
            if dtypes != self._dtypes:
                self._segments, self._dtypes = [], dtypes
        self._gradients, self._addresses = gradients, addresses

    def segments(self) -> list[Segment]:
        """Return the segments, pointing to the gradients."""
        if not self._segments:
            self._segments = self._divide()
        if self._gradients:
            assert self._addresses is not None
            for segment in self._segments:
                if len(self._segments) == 1:
                    segment.feed(self._gradients, self._addresses)
                else:
                    places = segment.places
                    segment.feed([self._gradients[i] for i in places], [self._addresses[i] for i in places])
        return self._segments

    def advance(self, *, count: bool) -> Tensor:
        """Move every row on; returns float64 ``[rows, frontier]``, which the next call overwrites."""
        if len(self.rows) != len(self._values):
            self._values = np.empty((len(self.rows), len(self.program.frontier)))
            self._hypers = [None] * len(self.rows)
            self._scalars = torch.from_numpy(self._values)
        for place, row in enumerate(self.rows):
            if self.program.is_steady and self._hypers[place] is row.hyper:
                row.t += count
            else:
                self._values[place] = row.advance(self.program, count=count)
                self._hypers[place] = row.hyper
        return self._scalars

    def _divide(self) -> list[Segment]:
        """Sort the entries by device and dtypes."""
        found: dict[Key, list[int]] = {}
        for place, entry in enumerate(self.entries):
            g = self.gradients[place] if self.gradients else entry.p
            dtypes = (entry.p.dtype, g.dtype, *(slot.dtype for slot in entry.slots))
            found.setdefault((entry.p.device, dtypes), []).append(place)
        return [
            Segment(self.program, [self.entries[place] for place in places], places, dtypes[1])
            for (_, dtypes), places in found.items()
        ]
