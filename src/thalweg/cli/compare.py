"""``thalweg compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli import arguments as a
from thalweg.cli.shared import Shared, trains

if TYPE_CHECKING:
    from thalweg.compare.protocol import Protocol
    from thalweg.compare.result import Comparison


@trains
def command(
    problem: a.ProblemName,
    optimizers: a.OptimizerNames = None,
    trials: Annotated[int, typer.Option(help="Tuning runs an optimizer.")] = 16,
    seeds: Annotated[int, typer.Option(help="Final runs an optimizer, on fresh seeds.")] = 10,
    *,
    shared: Shared,
    settings: a.Settings = None,
    search: a.Search = None,
    keep: a.Keep = "best",
    seed: Annotated[int, typer.Option(help="Seed of the tuning runs; final runs take those after it.")] = 0,
    data: a.Data = None,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    store: a.Store = a.STORE,
    threads: a.Threads = None,
    json: a.Json = False,
) -> None:
    """Find the optimizer that trains PROBLEM best, by how much, how sure that is, and at which learning rate.

    Every optimizer gets the same tuning budget; its best setting is re-run on
    fresh seeds, and only those runs see the test split.
    """
    from thalweg.compare.protocol import Protocol
    from thalweg.core.config import Config
    from thalweg.optim.families import TEXTBOOK
    from thalweg.optim.own import resolve as named
    from thalweg.problems import resolve
    from thalweg.report import require_writable, write
    from thalweg.train.beforehand import probe_all

    require_writable(out)
    names = [named(name.strip()) for name in optimizers.split(",")] if optimizers else TEXTBOOK
    base = Config(hyper=a.pairs(settings), seed=seed, **shared)
    task = resolve(problem, data=data)
    protocol = Protocol(
        problem=task, names=tuple(names), trials=trials, seeds=seeds, base=base, keep=keep, search=a.ranges(search)
    )
    probe_all(task, [base])
    result, kept = _recorded(protocol, store, threads, shown=not json)
    _tell(result, f"{write(result, out)}\n{kept}\n{result.environment.threading}", json=json)
    if result.missing:
        raise typer.Exit(130)


def _recorded(protocol: Protocol, store: Path, threads: int | None, *, shown: bool) -> tuple[Comparison, str]:
    """Do the comparison; returns it, and where it is kept."""
    from thalweg.cli.progress import ProgressBar
    from thalweg.cli.record import record, typed
    from thalweg.compare.conduct import conduct
    from thalweg.core.events import tee

    with (
        record(store, "compare", protocol.problem.name) as kept,
        ProgressBar(protocol.runs, shown=shown) as bar,
    ):
        result = conduct(protocol, threads=threads, sink=tee(kept.sink, bar), command=typed())
        kept.result, kept.complete = result.to_json(), not result.missing
    return result, f"kept as {kept.name} in {store}"


def _tell(result: Comparison, places: str, *, json: bool) -> None:
    from thalweg.cli.terminal import console
    from thalweg.compare.show import show
    from thalweg.core.plain import dumps

    if json:
        typer.echo(dumps(result.to_json()))
        return
    out = console()
    show(result, out)
    out.print(f"\n{places}", soft_wrap=True)
