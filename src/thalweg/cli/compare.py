"""``thalweg compare``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli import arguments as a
from thalweg.cli.shared import Shared, trains
from thalweg.cli.study import make, tell

if TYPE_CHECKING:
    from thalweg.compare.comparisons import Comparisons
    from thalweg.compare.result import Comparison


@trains
def command(
    problems: a.ProblemNames,
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
    executor: a.Executor = "auto",
    threads: a.Threads = None,
    wait: a.Wait = False,
    json: a.Json = False,
) -> None:
    """Find the optimizer that trains PROBLEM best, by how much, how sure that is, and at which learning rate.

    Every optimizer gets the same tuning budget; its best setting is re-run on
    fresh seeds, and only those runs see the test split. Over several problems
    there are performance profiles and scores too.
    """
    from thalweg.compare import conduct, several
    from thalweg.compare.protocol import Protocol
    from thalweg.core.config import Config
    from thalweg.optim.families import TEXTBOOK
    from thalweg.optim.given import resolve as named
    from thalweg.problems import resolve
    from thalweg.report import require_writable, write
    from thalweg.train.beforehand import probe_all

    require_writable(out)
    typed = [name.strip() for name in optimizers.split(",")] if optimizers else TEXTBOOK
    names = tuple(map(named, typed))
    known = dict(zip(typed, names, strict=True))
    ranges = {known.get(name, name): interval for name, interval in a.ranges(search).items()}
    base = Config(hyper=a.pairs(settings), seed=seed, **shared)
    plan = partial(Protocol, names=names, trials=trials, seeds=seeds, base=base, keep=keep, search=ranges)
    protocols = [plan(problem=resolve(name, data=data)) for name in problems]
    for protocol in protocols:  # before the store is touched
        probe_all(protocol.problem, [base])
    alone = len(protocols) == 1
    do: Any = partial(conduct.conduct, protocols[0]) if alone else partial(several.conduct, protocols)
    title, runs = ", ".join(one.problem.name for one in protocols), sum(one.runs for one in protocols)
    do = partial(do, executor=executor, threads=threads)
    result, kept = make("compare", title, runs, do, store, shown=not json, wait=wait)
    tell(result, str(write(result, out)), kept, _threading(result), json=json)
    if not result.complete:
        raise typer.Exit(130)


def _threading(result: Comparison | Comparisons) -> str:
    """Return how each problem was trained, one line each."""
    from thalweg.compare.comparisons import Comparisons

    if isinstance(result, Comparisons):
        return "\n".join(f"{one.problem}: {one.environment.threading}" for one in result.comparisons)
    return result.environment.threading
