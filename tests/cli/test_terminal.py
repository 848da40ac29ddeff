"""Tables keep names whole, and text is printed as it is."""

from __future__ import annotations

import pytest

from thalweg.cli.terminal import console, table


def test_brackets_in_text_and_cells_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    out = console()
    listing = table("path")
    listing.add_row("[red]data[/red]/runs.db")
    out.print("[bold]plot[/bold].html")
    out.print(listing)
    said = capsys.readouterr().out
    assert "[bold]plot[/bold].html" in said
    assert "[red]data[/red]/runs.db" in said


def test_whole_columns_are_not_broken_and_numbers_stand_at_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    listing = table("name", "n", "words", right=("n",), whole=("name",))
    name = "compare-0001/rmsprop-nesterov/trial-15"
    listing.add_row(name, "7", "many words " * 10)
    listing.add_row("b", "12", "")
    console().print(listing)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    (row,) = (line for line in lines if name in line)
    (other,) = (line for line in lines if line.strip().startswith("b "))
    assert row.index("7") == other.index("12") + 1
