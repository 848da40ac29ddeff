"""Blocks: what a practitioner adds to training, each beside what it replaces."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks import blocks_data, blocks_grow, blocks_softmax
from benchmarks.row import Row


def rows() -> Iterable[Row]:
    yield from blocks_softmax.rows()
    yield from blocks_data.rows()
    yield from blocks_grow.rows()
