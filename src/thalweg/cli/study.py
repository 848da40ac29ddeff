"""Study: a sweep or comparison, kept in the store and drawn while it is made, and told when it is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console


class Shown(Protocol):
    """A result that can be told."""

    def show(self, console: Console | None = None) -> None:
        """Print it."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        ...


class Studied(Shown, Protocol):
    """A result of many runs."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        ...


R = TypeVar("R", bound=Studied)


def make(
    kind: str, problem: str, runs: int, do: Callable[..., R], store: Path, *, shown: bool, wait: bool
) -> tuple[R, str]:
    """Make a study; returns its result, and where it is kept.

    Args:
        kind: The verb.
        problem: What it is of.
        runs: How many runs it takes.
        do: Does it; takes `sink`, `command` and `memory`.
        store: The store's file.
        shown: Whether a bar is drawn.
        wait: Wait for another study that is under way.
    """
    from thalweg.cli.progress import ProgressBar
    from thalweg.cli.record import onward_from, record, typed
    from thalweg.core.events import tee

    with (
        record(store, kind, problem, resumable=True, wait=wait) as kept,
        ProgressBar(runs, shown=shown) as bar,
    ):
        result = do(sink=tee(kept.sink, bar), command=typed(), memory=kept.memory)
        kept.result, kept.complete = result.to_json(), result.complete
    onward = "" if result.complete else f"; go on with: {onward_from(kept.name, store)}"
    return result, f"kept as {kept.name} in {store}{onward}"


def tell(result: Shown, *places: str, json: bool) -> None:
    """Print a result and, below it, lines that are never broken; or one JSON object."""
    from thalweg.cli.terminal import console
    from thalweg.core.plain import dumps

    if json:
        typer.echo(dumps(result.to_json()))
        return
    out = console()
    result.show(out)
    out.print("", *places, sep="\n", soft_wrap=True)
