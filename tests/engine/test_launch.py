"""Launch: rows, members and their norms."""

from __future__ import annotations

import math

import pytest
import torch

from thalweg.engine import Entry, Table, gradient_norms, launch
from thalweg.formula import Row, compose
from thalweg.rules import clip_norm, momentum, sgd


def entry(value: float, g: float | None, row: int, slots: int = 0, size: int = 4) -> Entry:
    gradient = None if g is None else torch.full((size,), float(g))
    return Entry(torch.full((size,), float(value)), gradient, tuple(torch.zeros(size) for _ in range(slots)), row)


def test_every_entry_follows_its_row() -> None:
    table = Table(
        compose(sgd), [entry(1, 1, 0), entry(1, 1, 1), entry(1, 2, 0)], [Row({"lr": 0.5}), Row({"lr": 0.25})]
    )
    launch([table])
    assert [e.p[0].item() for e in table.entries] == [0.5, 0.75, 0.0]
    assert [row.t for row in table.rows] == [1, 1]
    launch([table], count=False)
    assert [row.t for row in table.rows] == [1, 1]


def test_a_members_norm_spans_tables_and_no_other_member() -> None:
    rows = [Row({"lr": 1.0, "clip_norm": 1.0}), Row({"lr": 1.0, "clip_norm": 1.0}, member=1)]
    clipped = Table(compose(sgd, [clip_norm]), [entry(0, 3, 0, size=1), entry(0, 0.5, 1, size=1)], rows)
    plain = Table(compose(momentum), [entry(0, 4, 0, slots=1, size=1)], [Row({"lr": 1.0, "alpha": 0.0})])
    assert gradient_norms([clipped, plain]) == {0: 5.0, 1: 0.5}
    launch([clipped, plain])
    assert [e.p.item() for e in (*clipped.entries, *plain.entries)] == pytest.approx([-0.6, -0.5, -4.0])


def test_norms_are_float64_of_any_dtype_and_shape() -> None:
    gradients = [torch.full((2, 3), 1e30), torch.tensor(1e30), torch.empty(0), torch.ones(5, dtype=torch.bfloat16)]
    entries = [Entry(torch.zeros_like(g), g, (), 0) for g in gradients]
    norms = gradient_norms([Table(compose(sgd), [*entries, entry(0, None, 0)], [Row({"lr": 0.1})])])
    assert norms[0] == pytest.approx(math.sqrt(7) * float(torch.tensor(1e30)), rel=1e-12)


def test_no_gradient_no_norm() -> None:
    assert gradient_norms([Table(compose(sgd, [clip_norm]), [], [])]) == {}
