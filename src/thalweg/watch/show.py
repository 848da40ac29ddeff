"""Show: what was seen of a loop, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.check.show import show_finding
from thalweg.core.finding import Severity
from thalweg.watch import words
from thalweg.watch.watched import Watched

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def show(watched: Watched, console: Console | None = None) -> None:
    """Print findings with evidence and remedy, where quantities stood and stand, and what was not heard.

    Args:
        watched: What a monitor reports.
        console: Where to print; ``None`` takes standard output.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    sound = not (watched.of(Severity.ERROR) or watched.of(Severity.WARNING))
    console.print(Text(words.verdict(watched), style="bold green" if sound else "bold"))
    for finding in watched.findings:
        show_finding(finding, console)
    if watched.points:
        console.print(_quantities(watched))
    for sentence in watched.unheard:
        console.print(Text(f"! {sentence}", style="yellow"))
    console.print(Text(words.cost(watched), style="dim"))


def _quantities(watched: Watched) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("quantity")
    for head in ("at first", "lowest", "highest", "at last"):
        table.add_column(head, justify="right", no_wrap=True)
    for quantity, name in words.QUANTITIES.items():
        values = [value for _, value in watched.curve(quantity)]
        if values:
            ends = values[0], min(values), max(values), values[-1]
            table.add_row(name, *map(words.number, ends))
    return table
