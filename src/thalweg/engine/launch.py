"""Launch: one update of a whole model, given as a table of tensors and rows of scalars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from thalweg.engine import eager
from thalweg.formula import Program, Row


@dataclass
class Entry:
    """One parameter with its gradient, its state slots in the program's order, and its row's number."""

    p: Tensor
    g: Tensor | None
    slots: tuple[Tensor, ...]
    row: int


@dataclass
class Table:
    """What one program works on: entries, and the rows they point to."""

    program: Program
    entries: list[Entry]
    rows: list[Row]


def launch(tables: Sequence[Table], *, count: bool = True) -> None:
    """Run every table's program once, in place on parameters and slots, and advance its rows.

    Args:
        tables: One a program; the global gradient norm of a member spans all of them.
        count: False for a move that is no update: no gradients, and t stands still.
    """
    norms = gradient_norms(tables) if any(table.program.needs_norm for table in tables) else {}
    for table in tables:
        values = [row.advance(table.program, norms.get(row.member, math.nan), count=count) for row in table.rows]
        kernel = eager.lower(table.program)
        for entry in table.entries:
            kernel(entry.p, entry.g, entry.slots, values[entry.row])


def gradient_norms(tables: Sequence[Table]) -> Mapping[int, float]:
    """Return each member's global gradient norm: the root of the sum over all elements, in float64."""
    squares: dict[int, Tensor] = {}
    for table in tables:
        for entry in table.entries:
            if entry.g is not None:
                member = table.rows[entry.row].member
                square = torch.linalg.vector_norm(entry.g, dtype=_wide(entry.g.dtype)).double().square()
                squares[member] = squares[member] + square if member in squares else square
    return {member: math.sqrt(total.item()) for member, total in squares.items()}


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.complex128 if dtype.is_complex else torch.float64
