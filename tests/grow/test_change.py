"""Change: a grown net is built again from the problem's own, and from what was written down."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from thalweg.core.errors import CheckpointError, InputError
from thalweg.grow.change import FILE, Change, changed, example_of, read_changes, write_changes
from thalweg.problems import load

CHANGES = [Change(layer="1", width=80, noise=0.1, seed=3), Change(layer="1"), Change(layer="1.added", width=90)]


def test_the_same_net_again() -> None:
    problem = load("digits/mlp-1")
    grown = changed(problem, CHANGES)
    torch.manual_seed(4)
    by_hand = problem.model()
    for change in CHANGES:
        by_hand = change.grow(by_hand, example_of(problem)).model
    torch.manual_seed(4)
    again = grown.model()
    assert all(torch.equal(a, b) for a, b in zip(by_hand.parameters(), again.parameters(), strict=True))
    assert again[1].added.out_features == 90
    assert changed(problem, []) is problem
    assert problem.model()[1].out_features == 64


def test_written_and_read(tmp_path: Path) -> None:
    write_changes(tmp_path / "run", CHANGES)
    assert read_changes(tmp_path / "run") == CHANGES
    assert read_changes(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 2, "changes": []}', '{"format": 1, "changes": [{"width": 3}]}']
)
def test_what_cannot_be_read_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CheckpointError, match="does not say what grew"):
        read_changes(tmp_path)


def test_a_change_that_does_not_fit() -> None:
    with pytest.raises(InputError, match="no layer named 'fc1'"):
        changed(load("digits/mlp-1"), [Change(layer="fc1", width=99)]).model()
