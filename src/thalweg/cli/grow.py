"""``thalweg grow``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli import arguments as a

if TYPE_CHECKING:
    from thalweg.core.run import Run
    from thalweg.grow.resume import Regrown
    from thalweg.problems import Problem

Noise = Annotated[
    float,
    typer.Option(help="Noise on copies and new layers, relative to the weights, so that copies part in training."),
]
Layers = Annotated[
    list[str] | None,
    typer.Option("--layer", help="Grow only this one; repeat at will. All hidden ones otherwise."),
]
Spec = Annotated[
    str | None,
    typer.Option(
        "--problem", metavar="PROBLEM", help="What RUN was trained on, if its command no longer says so."
    ),
]


def command(
    run: Annotated[str, typer.Argument(help="A study of one run, such as fit-0001 or grow-0001.")],
    wider: Annotated[float, typer.Option(help="Multiply the units of every hidden layer by this.")] = 1.0,
    deeper: Annotated[int, typer.Option(help="Add so many layers, behind the last ones.")] = 0,
    layers: Layers = None,
    noise: Noise = 0.01,
    epochs: a.Epochs = None,
    test: Annotated[bool, typer.Option("--test", help="Judge the final model on the test split too.")] = False,
    problem: Spec = None,
    data: a.Data = None,
    store: a.Store = a.STORE,
    threads: a.Threads = None,
    json: a.Json = False,
) -> None:
    """Make the net of RUN wider or deeper, with the same function, and go on training it with the same setting."""
    from thalweg.cli.kept import reopened
    from thalweg.core.run import Outcome
    from thalweg.grow.change import read_changes
    from thalweg.grow.resume import regrow, reopen
    from thalweg.train.threads import choose

    task, old = reopened(store, run, problem, data)
    earlier = read_changes(old.checkpoint) if old.checkpoint else []
    with choose(task, threads) as said:
        grown = regrow(
            reopen(task, old),
            old,
            task,
            earlier=earlier,
            config=old.config.replace(epochs=epochs or old.config.epochs),
            wider=wider,
            deeper=deeper,
            layers=layers or (),
            noise=noise,
        )
        new, kept = _recorded(grown, task, store, test=test, shown=not json)
    _tell(task, grown, new, f"{kept}\n{said}", json=json)
    if new.outcome in (Outcome.INTERRUPTED, Outcome.FAILED):
        raise typer.Exit(130 if new.outcome is Outcome.INTERRUPTED else 1)


def _recorded(grown: Regrown, task: Problem, store: Path, *, test: bool, shown: bool) -> tuple[Run, str]:
    """Train the grown net; returns the run, and where it is kept."""
    from thalweg.cli.progress import ProgressBar
    from thalweg.cli.record import record
    from thalweg.core.events import tee
    from thalweg.core.run import Outcome
    from thalweg.grow.change import write_changes
    from thalweg.train import run_learner

    with record(store, "grow", task.name) as kept, ProgressBar(1, shown=shown) as bar:
        folder = store.parent / kept.name
        write_changes(folder, grown.changes)
        run = run_learner(grown.learner, sink=tee(kept.sink, bar), checkpoint=folder, test=test)
        kept.result, kept.complete = run.to_json(), run.outcome is not Outcome.INTERRUPTED
    return run, f"kept as {kept.name} in {store}, its weights in {run.checkpoint}"


def _tell(task: Problem, grown: Regrown, run: Run, places: str, *, json: bool) -> None:
    from thalweg.cli.terminal import console
    from thalweg.core.plain import dumps
    from thalweg.train.show import show

    said = grown.growth.said.splitlines()
    if json:
        scores = {"before": grown.before, "grown": grown.after}
        typer.echo(dumps({"format": 1, **run.to_json(), "grew": said, "state": grown.state, **scores}))
        return
    out = console()
    show(run, out)
    out.print("\n".join(said), soft_wrap=True)
    out.print(grown.state, soft_wrap=True)
    metric = task.objective
    scores = (f"{word} {found.get(metric, float('nan')):.4f}" for word, found in _scores(grown, run))
    out.print(f"validation {metric}: {', '.join(scores)}", soft_wrap=True)
    out.print(places, soft_wrap=True)


def _scores(grown: Regrown, run: Run) -> list[tuple[str, dict[str, float]]]:
    return [("before", grown.before), ("as it grew", grown.after), ("after training", dict(run.valid))]
