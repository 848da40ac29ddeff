"""``thalweg fit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from thalweg.cli import arguments as a


def command(
    problem: a.ProblemName,
    optimizer: a.OptimizerName = "momentum",
    lr: Annotated[float | None, typer.Option(help="Learning rate; the optimizer's default if left out.")] = None,
    settings: a.Settings = None,
    schedule: a.ScheduleName = "constant",
    schedule_set: a.ScheduleOptions = None,
    epochs: a.Epochs = None,
    batch_size: a.BatchSize = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many epochs without a better validation score.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, data order and noise.")] = 0,
    test: Annotated[bool, typer.Option("--test", help="Judge the final model on the test split too.")] = False,
    checkpoint: Annotated[Path | None, typer.Option(help="Folder for a checkpoint at every epoch's end.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in that folder.")] = False,
    data: a.Data = None,
    out: Annotated[Path | None, typer.Option(help="A page to write.")] = None,
    store: a.Store = a.STORE,
    threads: a.Threads = None,
    json: a.Json = False,
) -> None:
    """Train PROBLEM once, with one setting."""
    from rich.console import Console

    from thalweg.cli.progress import ProgressBar
    from thalweg.cli.record import record
    from thalweg.core.config import Config
    from thalweg.core.errors import InputError
    from thalweg.core.events import tee
    from thalweg.core.plain import dumps
    from thalweg.core.run import Outcome
    from thalweg.problems import resolve
    from thalweg.report import require_writable, write
    from thalweg.train import Learner, run_learner
    from thalweg.train.show import show
    from thalweg.train.threads import choose

    if resume and checkpoint is None:
        raise InputError("There is nothing to resume from.", remedy="pass --checkpoint FOLDER --resume")
    if out:
        require_writable(out)
    config = Config(
        optimizer=optimizer,
        hyper={**a.pairs(settings), **({} if lr is None else {"lr": lr})},
        schedule=schedule,
        schedule_options=a.pairs(schedule_set),
        epochs=epochs,
        batch_size=batch_size,
        patience=patience,
        seed=seed,
    )
    task = resolve(problem, data=data)
    task.check()
    learner = Learner(task, config)
    with (
        choose(task, threads),
        record(store, "fit", task.name) as kept,
        ProgressBar(1, shown=not json) as bar,
    ):
        sink = tee(kept.sink, bar)
        run = run_learner(learner, sink=sink, checkpoint=checkpoint, resume=resume, test=test)
        kept.result, kept.complete = run.to_json(), run.outcome is not Outcome.INTERRUPTED
    page = write(run, out) if out else None
    if json:
        typer.echo(dumps({"format": 1, **run.to_json()}))
    else:
        console = Console()
        show(run, console)
        console.print(f"kept as {kept.name} in {store}", highlight=False, soft_wrap=True)
        if page:
            console.print(str(page), highlight=False, soft_wrap=True)
    if run.outcome is Outcome.INTERRUPTED:
        raise typer.Exit(130)
