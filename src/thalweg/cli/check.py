"""``thalweg check``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli import arguments as a
from thalweg.cli.shared import Shared, trains
from thalweg.cli.terminal import failing_with

if TYPE_CHECKING:
    from thalweg.check.diagnosis import Diagnosis
    from thalweg.check.setup import Setup

What = Annotated[
    str,
    typer.Argument(
        metavar="PROBLEM",
        help="A name of the catalog (see `thalweg problems`), or path/to/file.py:name of a Problem, or of a "
        "dictionary of what thalweg.check takes: problem, optimizer, train_step, shuffle, epochs.",
        autocompletion=a.problem_names,
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        "--optimizer",
        "-o",
        help="A name of `thalweg optimizers`; that of the file, or momentum, if left out.",
        autocompletion=a.optimizer_names,
    ),
]
LearningRate = Annotated[float | None, typer.Option(help="Learning rate; the optimizer's default if left out.")]
Budget = Annotated[str, typer.Option(help="Time to take, such as 60s or 2min; what it left out is said.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 on warnings too.")]


@trains
def command(
    problem: What,
    optimizer: Optimizer = None,
    lr: LearningRate = None,
    settings: a.Settings = None,
    *,
    shared: Shared,
    budget: Budget = "60s",
    strict: Strict = False,
    seed: a.Seed = 0,
    data: a.Data = None,
    out: Annotated[Path | None, typer.Option(help="A page to write.")] = None,
    json: a.Json = False,
) -> None:
    """Find out whether PROBLEM trains badly by a bug or by a bad setting, and try the remedy.

    Exit code 0: no errors; warnings are printed and leave it at 0 unless
    --strict is given. 1: errors, which are faults that make the training
    another than was meant, or impossible. 2: it could not be checked.
    """
    try:
        with failing_with(2):
            setup = _setup(
                problem, data, optimizer, {**a.pairs(settings), **({} if lr is None else {"lr": lr})}, shared
            )
            diagnosis, page = _checked(setup, out, budget=budget, seed=seed, shown=not json)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    _tell(diagnosis, page, json=json)
    if diagnosis.errors or (strict and diagnosis.warnings):
        raise typer.Exit(1)


def _setup(problem: str, data: Path | None, optimizer: str | None, hyper: dict[str, Any], shared: Shared) -> Setup:
    from thalweg.check.files import resolve
    from thalweg.optim.given import resolve as named

    fields = {name: value for name, value in shared.items() if name != "schedules" or value != a.schedules(None)}
    return resolve(problem, data=data).configured(optimizer and named(optimizer), hyper, **fields)


def _checked(setup: Setup, out: Path | None, *, shown: bool, **how: Any) -> tuple[Diagnosis, str]:
    """Do the check; returns it, and where its page is."""
    from thalweg.check.conduct import conduct
    from thalweg.cli.record import typed
    from thalweg.report import require_writable, write

    if out:
        require_writable(out)
    with _heard(shown=shown) as heard:
        diagnosis = conduct(setup, command=typed(), heard=heard, **how)
    return diagnosis, str(write(diagnosis, out)) if out else ""


@contextmanager
def _heard(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is being done, if that is a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield lambda what: None
        return
    with console.status("") as status:
        yield lambda what: status.update(Text(what))


def _tell(diagnosis: Diagnosis, page: str, *, json: bool) -> None:
    from thalweg.cli.terminal import console
    from thalweg.core.plain import dumps

    if json:
        typer.echo(dumps(diagnosis.to_json()))
        return
    out = console()
    diagnosis.show(out)
    if page:
        out.print(page, soft_wrap=True)
