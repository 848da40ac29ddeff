"""``thalweg fit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli import arguments as a
from thalweg.cli.shared import Shared, trains

if TYPE_CHECKING:
    from thalweg.core.run import Run
    from thalweg.train import Learner

LearningRate = Annotated[float | None, typer.Option(help="Learning rate; the optimizer's default if left out.")]
Patience = Annotated[int | None, typer.Option(help="Stop after so many epochs without a better validation score.")]
Checkpoint = Annotated[
    Path | None,
    typer.Option(help="Folder of the checkpoint, written at every epoch's end; beside the store if left out."),
]

Growing = Annotated[
    bool, typer.Option("--grow-when-plateaued", help="Add a layer whenever patience is spent, while that helps.")
]


@trains
def command(
    problem: a.ProblemName,
    optimizer: a.OptimizerName = "momentum",
    lr: LearningRate = None,
    settings: a.Settings = None,
    *,
    shared: Shared,
    patience: Patience = None,
    keep: a.Keep = "last",
    seed: a.Seed = 0,
    test: Annotated[bool, typer.Option("--test", help="Judge the final model on the test split too.")] = False,
    checkpoint: Checkpoint = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in that folder.")] = False,
    growing: Growing = False,
    data: a.Data = None,
    out: Annotated[Path | None, typer.Option(help="A page to write.")] = None,
    store: a.Store = a.STORE,
    threads: a.Threads = None,
    json: a.Json = False,
) -> None:
    """Train PROBLEM once, with one setting."""
    from thalweg.cli.record import resumed
    from thalweg.core.config import Config
    from thalweg.core.run import Outcome
    from thalweg.optim.given import resolve as named
    from thalweg.problems import resolve
    from thalweg.report import require_writable, write
    from thalweg.train import Learner
    from thalweg.train.beforehand import probe_all
    from thalweg.train.threads import choose

    _require_sense(checkpoint, patience, resume=resume, growing=growing)
    if out:
        require_writable(out)
    config = Config(
        optimizer=named(optimizer),
        hyper={**a.pairs(settings), **({} if lr is None else {"lr": lr})},
        patience=patience,
        keep=keep,
        seed=seed,
        **shared,
    )
    task = resolve(problem, data=data)
    probe_all(task, [config])
    learner = Learner(task, config)
    with choose(task, threads) as said:
        how: dict[str, Any] = {"test": test} if growing else {"test": test, "resume": resume}
        run, kept = _recorded(learner, store, shown=not json, growing=growing, checkpoint=checkpoint, **how)
    page = f"{write(run, out)}\n" if out else ""
    onward = ""
    if run.outcome is Outcome.INTERRUPTED and run.checkpoint and not growing:
        onward = f"\ngo on with: {resumed(run.checkpoint)}"
    _tell(run, f"{page}{kept}\n{said}{onward}", json=json)
    if run.outcome in (Outcome.INTERRUPTED, Outcome.FAILED):
        raise typer.Exit(130 if run.outcome is Outcome.INTERRUPTED else 1)


def _require_sense(checkpoint: Path | None, patience: int | None, *, resume: bool, growing: bool) -> None:
    from thalweg.core.errors import InputError

    if resume and checkpoint is None:
        raise InputError("There is nothing to resume from.", remedy="pass --checkpoint FOLDER --resume")
    if growing and (resume or patience is None):
        raise InputError(
            "A net that grows at a plateau needs a patience, and cannot be resumed.",
            got="--resume" if resume else "no --patience",
            remedy="pass --patience 3 --grow-when-plateaued, and a fresh folder",
        )


def _recorded(learner: Learner, store: Path, *, shown: bool, growing: bool, **how: Any) -> tuple[Run, str]:
    """Train; returns the run, and where it is kept."""
    from thalweg.cli.progress import ProgressBar
    from thalweg.cli.record import record
    from thalweg.core.events import tee
    from thalweg.core.run import Outcome

    if growing:
        from thalweg.grow.plateau import run_growing as train
    else:
        from thalweg.train import run_learner as train

    with record(store, "fit", learner.problem.name) as kept, ProgressBar(1, shown=shown) as bar:
        how["checkpoint"] = how["checkpoint"] or store.parent / kept.name
        run = train(learner, sink=tee(kept.sink, bar), **how)
        kept.result, kept.complete = run.to_json(), run.outcome is not Outcome.INTERRUPTED
    return run, f"kept as {kept.name} in {store}, its weights in {run.checkpoint}"


def _tell(run: Run, places: str, *, json: bool) -> None:
    from thalweg.cli.terminal import console
    from thalweg.core.plain import dumps
    from thalweg.train.show import show

    if json:
        typer.echo(dumps({"format": 1, **run.to_json()}))
        return
    out = console()
    show(run, out)
    out.print(places, soft_wrap=True)
