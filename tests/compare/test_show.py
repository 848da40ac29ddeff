"""The terminal form fits its width and leaves nothing important out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from thalweg.compare import words
from thalweg.compare.result import Comparison
from thalweg.compare.show import show

Build = Callable[..., Comparison]
ROWS = (("rmsprop-nesterov", 0.9753, 1.0), ("adam", 0.9741, 0.31), ("sgd", 0.9512, 0.0004))


def printed(comparison: Comparison, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show(comparison, console)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_nothing_is_cut_off(ranked: Build, width: int) -> None:
    text = printed(ranked(*ROWS), width)
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    for part in ("rmsprop-nesterov", "97.5 %", "97.3 to 97.7", "0.04", "120", "leader", "unclear", "behind"):
        assert part in text


def test_a_wide_terminal_shows_differences_and_times(ranked: Build) -> None:
    assert "behind −2.41" in printed(ranked(*ROWS), 100)
    assert "0.30 s" in printed(ranked(*ROWS), 100)
    assert "0.30 s" not in printed(ranked(*ROWS), 80)


def test_verdict_caveats_and_what_is_missing_are_printed(ranked: Build) -> None:
    found = replace(ranked(*ROWS), missing=("adagrad: 4 of 16 trials were not run",))
    flat = " ".join(printed(found, 80).split())
    assert words.verdict(found) in flat
    assert all(caveat in flat for caveat in words.caveats(found))
    assert "! adagrad: 4 of 16 trials were not run" in flat


def test_without_a_ranking_there_is_no_table(ranked: Build) -> None:
    text = printed(replace(ranked(*ROWS), ranking=(), pairs=()), 80)
    assert "No verdict" in text
    assert "learning" not in text


def test_names_are_not_read_as_markup(ranked: Build) -> None:
    assert "[red]mine[/red]" in printed(ranked(("[red]mine[/red]", 0.9, 1.0)), 100)


def test_the_best_rate_at_an_edge_has_an_arrow(ranked: Build) -> None:
    base = ranked(*ROWS)
    flagged = replace(base, ranking=(replace(base.ranking[0], edge_of_range="high"), *base.ranking[1:]))
    assert "0.04↑" in printed(flagged, 80)
