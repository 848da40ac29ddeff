"""Show: what an initialization chose, and the signal it gives, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from thalweg.init.choices import Choices
    from thalweg.init.signal import Moments, Signal


def show_choices(choices: Choices, console: Console | None = None) -> None:
    """Print what `auto` chose, a layer a line.

    Args:
        choices: What it returned.
        console: Where to print; ``None`` takes standard output.
    """
    from rich.console import Console

    console = console or Console()
    table = _table(["layer", "", "meets", "weights"], ["gain", "std"], ["note"])
    for c in choices.choices:
        table.add_row(c.layer, c.kind, c.meets, c.initializer, f"{c.gain:.3g}", f"{c.std:.3g}", c.note)
    console.print(table)
    if choices.left:
        console.print(f"left as they were: {', '.join(choices.left)}", highlight=False)


def show_signal(signal: Signal, console: Console | None = None) -> None:
    """Print the moments of outputs and of the gradients that come back, a call a line.

    Args:
        signal: What `thalweg.init.signal` returned.
        console: Where to print; ``None`` takes standard output.
    """
    from rich.console import Console

    console = console or Console()
    numbers = ["mean", "variance", "2nd moment", "back: mean", "variance", "2nd moment"]
    table = _table(["layer", ""], numbers, [])
    for row in signal.rows:
        table.add_row(row.layer, row.kind, *_cells(row.forward), *_cells(row.backward))
    console.print(table)


def _cells(moments: Moments | None) -> list[str]:
    if moments is None:
        return [""] * 3
    return [f"{value:.2g}" for value in (moments.mean, moments.variance, moments.second)]


def _table(left: list[str], right: list[str], last: list[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in left:
        table.add_column(head)
    for head in right:
        table.add_column(head, justify="right")
    for head in last:
        table.add_column(head)
    return table
