"""``thalweg report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli import arguments as a


def command(
    run: Annotated[str, typer.Argument(help="A study such as compare-0001 or sweep-0002, or one of its runs.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    store: a.Store = a.STORE,
) -> None:
    """Write the page of a finished comparison, sweep or run again."""
    from thalweg.compare.comparisons import read
    from thalweg.core.run import Run
    from thalweg.report import write
    from thalweg.store import Database, load_result, load_run
    from thalweg.sweep.result import SweepResult

    with Database.open_readonly(store) as database:
        if "/" in run:
            result = load_run(database, run)
        else:
            kind, found = load_result(database, run)
            result = {"compare": read, "sweep": SweepResult.from_json}.get(kind, Run.from_json)(found)
    typer.echo(write(result, out))
