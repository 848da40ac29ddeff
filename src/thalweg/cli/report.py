"""``thalweg report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli import arguments as a

if TYPE_CHECKING:
    from thalweg.report.page import Result
    from thalweg.store import Database


def command(
    run: Annotated[str, typer.Argument(help="A study such as compare-0001 or sweep-0002, or one of its runs.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    store: a.Store = a.STORE,
) -> None:
    """Write the page of a finished comparison, sweep or run again, or of a loop that was watched."""
    from thalweg.report import write
    from thalweg.store import Database, load_run

    with Database.open_readonly(store) as database:
        result = load_run(database, run) if "/" in run else _of_study(database, run)
    typer.echo(write(result, out))


def _of_study(database: Database, study: str) -> Result:
    from thalweg.compare.comparisons import read
    from thalweg.core.run import Run
    from thalweg.store import load_result, studies
    from thalweg.sweep.result import SweepResult
    from thalweg.watch.kept import kept
    from thalweg.watch.watched import Watched

    if any(row.id == study and row.kind == "watch" and row.status != "finished" for row in studies(database)):
        return kept(database, study)
    kind, found = load_result(database, study)
    read_of = {"compare": read, "sweep": SweepResult.from_json, "watch": Watched.from_json}
    return read_of.get(kind, Run.from_json)(found)
