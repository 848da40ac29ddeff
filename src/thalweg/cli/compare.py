"""``thalweg compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli import arguments as a


def command(
    problem: a.ProblemName,
    optimizers: Annotated[
        str | None, typer.Option("--optimizers", "-o", help="Names with commas between; all if left out.")
    ] = None,
    trials: Annotated[int, typer.Option(help="Tuning runs an optimizer.")] = 16,
    seeds: Annotated[int, typer.Option(help="Final runs an optimizer, on fresh seeds.")] = 10,
    epochs: a.Epochs = None,
    batch_size: a.BatchSize = None,
    schedule: a.ScheduleName = "constant",
    schedule_set: a.ScheduleOptions = None,
    settings: a.Settings = None,
    data: a.Data = None,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    store: a.Store = a.STORE,
    threads: a.Threads = None,
    json: a.Json = False,
) -> None:
    """Find the optimizer that trains PROBLEM best, by how much, how sure that is, and at which learning rate.

    Every optimizer gets the same tuning budget; its best setting is re-run on fresh seeds, and only those
    runs see the test split.
    """
    from rich.console import Console

    from thalweg.cli.progress import ProgressBar
    from thalweg.cli.record import record, typed
    from thalweg.compare.protocol import Protocol, compare
    from thalweg.compare.show import show
    from thalweg.core.config import Config
    from thalweg.core.events import tee
    from thalweg.core.plain import dumps
    from thalweg.optim import optimizers as known
    from thalweg.problems import resolve
    from thalweg.report import require_writable, write
    from thalweg.train.threads import choose

    require_writable(out)
    names = [name.strip() for name in optimizers.split(",")] if optimizers else list(known)
    base = Config(
        epochs=epochs,
        batch_size=batch_size,
        hyper=a.pairs(settings),
        schedule=schedule,
        schedule_options=a.pairs(schedule_set),
    )
    task = resolve(problem, data=data)
    protocol = Protocol(problem=task, names=tuple(names), trials=trials, seeds=seeds, base=base)
    with (
        choose(task, threads),
        record(store, "compare", task.name) as kept,
        ProgressBar(protocol.runs, shown=not json) as bar,
    ):
        result = compare(
            task, names, trials=trials, seeds=seeds, base=base, sink=tee(kept.sink, bar), command=typed()
        )
        kept.result, kept.complete = result.to_json(), not result.missing
    page = write(result, out)
    if json:
        typer.echo(dumps(result.to_json()))
    else:
        console = Console()
        show(result, console)
        console.print(f"\n{page}\nkept as {kept.name} in {store}", highlight=False, soft_wrap=True)
    if result.missing:
        raise typer.Exit(130)
