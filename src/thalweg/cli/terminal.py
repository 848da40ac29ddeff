"""The terminal: one kind of console and one kind of table for all commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def console() -> Console:
    """Return standard output that prints text as it is: in a path, ``[a]`` is no markup."""
    from rich.console import Console

    return Console(markup=False, highlight=False)


def table(*heads: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = ()) -> Table:
    """Return an empty table.

    Args:
        heads: The heading of each column.
        right: Those whose cells stand at the right: numbers.
        whole: Those whose cells are never broken: names that a user types back.
    """
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in heads:
        justify = "right" if head in right else "left"
        made.add_column(head, justify=justify, no_wrap=head in whole)
    return made
