"""``thalweg runs``."""

from __future__ import annotations

from typing import Annotated

import typer

from thalweg.cli import arguments as a


def command(
    study: Annotated[str | None, typer.Argument(help="Show the runs of this one, such as compare-0001.")] = None,
    store: a.Store = a.STORE,
) -> None:
    """List what the store holds, or the runs of one study."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from thalweg.store import Database, runs, studies

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    with Database.open_readonly(store) as database:
        if study is None:
            heads = ("study", "problem", "started (UTC)", "status", "runs", "command")
            rows = [
                (s.id, s.problem, s.started, s.status, f"{s.ended}/{s.runs}", s.command) for s in studies(database)
            ]
        else:
            heads = ("run", "optimizer", "hyper-parameters", "seed", "epochs", "outcome")
            rows = [
                (
                    run.id,
                    run.config.optimizer,
                    ", ".join(f"{key}={value:g}" for key, value in run.config.hyper.items()),
                    str(run.config.seed),
                    str(run.epochs),
                    str(run.outcome or "not ended"),
                )
                for run in runs(database, study)
            ]
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
