"""``thalweg runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli import arguments as a

if TYPE_CHECKING:
    from rich.table import Table

    from thalweg.store import Database


def command(
    study: Annotated[str | None, typer.Argument(help="Show the runs of this one, such as compare-0001.")] = None,
    store: a.Store = a.STORE,
) -> None:
    """List what the store holds, or the runs of one study."""
    from thalweg.cli.terminal import console
    from thalweg.store import Database

    with Database.open_readonly(store) as database:
        listing, note = _overview(database) if study is None else _study(database, study)
    out = console()
    out.print(listing)
    out.print(note, soft_wrap=True)


def _overview(database: Database) -> tuple[Table, str]:
    from rich.text import Text

    from thalweg.cli.terminal import table
    from thalweg.store import studies

    heads = ("study", "started (UTC)", "status", "runs")
    listing = table(*heads, "command", right=("runs",), whole=heads)
    for study in studies(database):
        ended, minute = f"{study.ended}/{study.runs}", study.started[:16]
        command = Text(study.command.removeprefix("thalweg "), no_wrap=True, overflow="ellipsis")
        listing.add_row(study.id, minute, study.status, ended, command)
    return listing, "`thalweg runs STUDY` lists its runs, `thalweg report STUDY` writes its page."


def _study(database: Database, name: str) -> tuple[Table, str]:
    from thalweg.cli.terminal import table
    from thalweg.store import runs, studies

    numbers = ("seed", "epochs")
    listing = table("run", "setting", *numbers, "outcome", right=numbers, whole=("run", "outcome"))
    for run in runs(database, name):
        hyper = ", ".join(f"{key}={value:.4g}" for key, value in run.config.hyper.items())
        listing.add_row(
            run.id.removeprefix(f"{name}/"),
            f"{run.config.optimizer} {hyper}",
            str(run.config.seed),
            str(run.epochs),
            str(run.outcome or "not ended"),
        )
    (command,) = (study.command for study in studies(database) if study.id == name)
    return listing, f"made by: {command}\n`thalweg report {name}/RUN` writes the page of one run."
