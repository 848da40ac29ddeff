"""``thalweg sweep``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli import arguments as a
from thalweg.cli.retyped import fit_command
from thalweg.cli.shared import Shared, names_in, trains
from thalweg.cli.study import make, tell

if TYPE_CHECKING:
    from thalweg.core.config import Config
    from thalweg.problems import Problem
    from thalweg.sweep.plan import Plan
    from thalweg.sweep.result import SweepResult


Optimizers = Annotated[
    str, typer.Option("--optimizer", "-o", help="One, or several with commas.", autocompletion=a.optimizer_lists)
]
Rates = Annotated[
    str | None,
    typer.Option(
        "--lr",
        metavar="LOW:HIGH",
        help="Range of the learning rate; the interval that each optimizer declares if left out.",
    ),
]
Ranges = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=...",
        help="Another setting, of the optimizer or such as batch_size: NAME=LOW:HIGH and NAME=A,B,C are searched, "
        "NAME=VALUE is fixed. A range is logarithmic if the setting cannot be negative and it spans a factor of "
        "10 or more, else uniform. Repeat at will.",
    ),
]
SpaceFile = Annotated[
    str | None,
    typer.Option("--space", metavar="FILE.py:NAME", help="A dictionary of settings and ranges, of your own."),
]
Trials = Annotated[int | None, typer.Option(help="Settings that are tried.  [default: 32]")]
Seeds = Annotated[int | None, typer.Option(help="Runs of the best on fresh seeds.  [default: 5]")]
Sampler = Annotated[
    str | None,
    typer.Option(
        help="sobol, grid, tpe, gp or cmaes.  [default: sobol]",
        autocompletion=names_in("thalweg.sweep.search:SAMPLERS"),
    ),
]
Halving = Annotated[
    bool | None, typer.Option("--halving/--no-halving", help="End trials that fall behind.  [default: halving]")
]
Narrow = Annotated[
    bool | None,
    typer.Option(
        "--narrow/--no-narrow", help="Keep a third of the trials for a second, finer round.  [default: narrow]"
    ),
]
Repeats = Annotated[int, typer.Option(help="Seeds that every setting is tried on.")]
Fraction = Annotated[float | None, typer.Option(help="Screen on this part of the training data first, in (0, 1).")]
Preset = Annotated[
    str | None,
    typer.Option(
        help="deepobs: 36 rates, the best on 10 seeds; or quick.",
        autocompletion=names_in("thalweg.sweep.presets:PRESETS"),
    ),
]
SearchSeed = Annotated[int, typer.Option(help="Seed of the search; the best is confirmed on those after it.")]
Short = Annotated[bool, typer.Option("--range-test", help="One short run with a rising rate in place of a sweep.")]


@trains
def command(
    problem: a.ProblemName,
    optimizer: Optimizers = "adam",
    lr: Rates = None,
    settings: Ranges = None,
    space: SpaceFile = None,
    trials: Trials = None,
    seeds: Seeds = None,
    sampler: Sampler = None,
    halving: Halving = None,
    narrow: Narrow = None,
    repeats: Repeats = 1,
    fraction: Fraction = None,
    preset: Preset = None,
    *,
    shared: Shared,
    keep: a.Keep = "best",
    seed: SearchSeed = 0,
    range_test: Short = False,
    data: a.Data = None,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    store: a.Store = a.STORE,
    executor: a.Executor = "auto",
    threads: a.Threads = None,
    wait: a.Wait = False,
    verify: a.Verify = False,
    json: a.Json = False,
) -> None:
    """Find the setting that trains PROBLEM best, and how sure that is.

    Settings are tried on training and validation data, those that fall behind
    end early, and the best is run again on fresh seeds. If it lies at the edge
    of its range, or learns nothing, there is no recommendation, and the exit
    code is 1.
    """
    from thalweg.core.config import Config
    from thalweg.problems import resolve
    from thalweg.report import require_writable, write
    from thalweg.sweep.conduct import conduct
    from thalweg.sweep.notation import from_file, read, settle
    from thalweg.sweep.presets import settled

    require_writable(out)
    typed = _names(optimizer)
    names = list(typed)
    searched, fixed = read([*(settings or ()), *([f"lr={lr}"] if lr else ())], names)
    base = settle(Config(keep=keep, seed=seed, **shared), fixed)
    task = resolve(problem, data=data)
    if range_test:
        _range_test(task, names, searched, base, threads, out=out, json=json)
        return
    own = {**(from_file(space) if space else {}), **searched}
    chosen = settled(
        preset, trials=trials, seeds=seeds, sampler=sampler, halving=halving, narrow=narrow, space=own or None
    )
    plan = _plan(task, names, chosen, base, repeats=repeats, fraction=fraction)
    plan.probe()  # before the store is touched
    do = partial(conduct, plan, executor=executor, threads=threads)
    result, kept = make("sweep", task.name, plan.runs, do, store, shown=not json, wait=wait)
    best, places = result.recommendation, [str(write(result, out)), kept, result.environment.threading]
    if best:
        onward = fit_command(problem, best, optimizer=typed.get(best.optimizer), data=data)
        places = [f"train it: {onward}", *places, *([_verified(plan, result)] if verify else ())]
    tell(result, *places, json=json)
    if not result.complete or not best:
        raise typer.Exit(1 if result.complete else 130)


def _names(optimizer: str) -> dict[str, str]:
    """Return the optimizers by registry name, each as it was typed."""
    from thalweg.optim import optimizers
    from thalweg.optim.given import resolve

    names = {resolve(name.strip()): name.strip() for name in optimizer.split(",")}
    for name in names:
        optimizers[name]  # an unknown one raises
    return names


def _plan(task: Problem, names: list[str], chosen: dict[str, Any], base: Config, **how: Any) -> Plan:
    from thalweg.sweep.plan import Plan
    from thalweg.sweep.space import Space

    space = Space.of(names, chosen.pop("space"), base)
    return Plan(problem=task, space=space, base=base, **chosen, **how)


def _verified(plan: Plan, result: SweepResult) -> str:
    """Make the best setting's first confirming run again alone; says how far a cohort's is from that."""
    from thalweg.execute.certificate import certify, fits_a_cohort

    run, ways = result.finals[0], result.executor.split(", ")
    if not fits_a_cohort(plan.problem, run.config):
        return "nothing to verify: a setting like the best is trained alone, never in a cohort"
    if "batched" not in ways:
        return "nothing to verify: no run was trained in a cohort (--executor batched)"
    return str(certify(plan.problem, run.config, run.epochs, together=ways == ["batched"]))


def _range_test(
    task: Problem,
    names: list[str],
    searched: dict[str, Any],
    base: Config,
    threads: int | None,
    *,
    out: Path,
    json: bool,
) -> None:
    from thalweg.core.errors import InputError
    from thalweg.report import write
    from thalweg.sweep.range_test import range_test

    low, high = searched.pop("lr").extremes if "lr" in searched else (None, None)
    if searched or len(names) > 1:
        raise InputError(
            "A range test tries learning rates of one optimizer and nothing else.",
            got=", ".join([*(names if len(names) > 1 else ()), *searched]),
            remedy="leave out --range-test",
        )
    found = range_test(
        task,
        names[0],
        low=low,
        high=high,
        hyper=base.hyper,
        base=base,
        batch_size=base.batch_size,
        seed=base.seed,
        threads=threads,
    )
    tell(found, str(write(found, out)), json=json)
    if found.suggestion is None:
        raise typer.Exit(1)
