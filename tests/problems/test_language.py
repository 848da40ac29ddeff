from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import CorruptFileError
from thalweg.data.batches import InMemory
from thalweg.problems.catalog import load
from thalweg.problems.language import LENGTH, pieces


@given(n=st.integers(2, 200), length=st.integers(1, 20))
def test_targets_are_one_symbol_on(n: int, length: int) -> None:
    x, y = pieces(np.arange(n), length)
    assert torch.equal(x + 1, y)
    assert x.flatten().tolist() == list(range((n - 1) // length * length))


def test_splits_are_whole_stretches_of_the_text(data_root: Path) -> None:
    text = (data_root / "tinyshakespeare" / "input.txt").read_text("ascii")
    problem = load("shakespeare/lstm", data=data_root)
    alphabet = sorted(set(text))
    assert len(alphabet) == 65
    for split, share in zip(problem.splits.values(), (0.0, 0.8, 0.9), strict=True):
        assert isinstance(split, InMemory)
        start = int(len(text) * share)
        assert "".join(alphabet[i] for i in split.x[:3].flatten()) == text[start : start + 3 * LENGTH]
        assert torch.equal(split.x.flatten()[1:], split.y.flatten()[:-1])


@pytest.mark.parametrize("name", ["shakespeare/lstm", "shakespeare/transformer"])
def test_nobody_looks_ahead(name: str, data_root: Path) -> None:
    model = load(name, data=data_root).model().eval()
    x = torch.arange(LENGTH)[None] % 65
    other = x.clone()
    other[0, 40] = 64
    with torch.no_grad():
        before, after = model(x), model(other)
    torch.testing.assert_close(before[..., :40], after[..., :40], rtol=0, atol=1e-6)
    assert (before[..., 40:] - after[..., 40:]).abs().amax(1).min() > 1e-6


def test_an_empty_text(tmp_path: Path) -> None:
    (tmp_path / "input.txt").touch()
    with pytest.raises(CorruptFileError, match="empty file"):
        load("shakespeare/lstm", data=tmp_path)
