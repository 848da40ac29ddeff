"""The terminal: one kind of console and one kind of table for all commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


class UnansweredError(Exception):
    """A command could not do its work; raised from what kept it from that.

    Args:
        code: The exit code that says so.
    """

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


@contextmanager
def failing_with(code: int) -> Iterator[None]:
    """Let errors inside end the command with this exit code, where 1 has another meaning.

    Raises:
        UnansweredError: In place of any error.
    """
    try:
        yield
    except Exception as error:
        raise UnansweredError(code) from error


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
