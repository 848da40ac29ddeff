"""Copies: every unit is there, none twice before all once, and copies stand side by side."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.grow.copies import copies


@given(old=st.integers(1, 40), more=st.integers(0, 90), seed=st.integers(0, 9))
def test_units_are_copied_evenly_and_in_order(old: int, more: int, seed: int) -> None:
    index = copies(old, old + more, seed)
    counts = index.bincount(minlength=old)
    assert len(index) == old + more
    assert counts.max() - counts.min() <= 1
    assert counts.min() >= 1
    assert torch.equal(index, index.sort().values)
    assert torch.equal(index, copies(old, old + more, seed))
