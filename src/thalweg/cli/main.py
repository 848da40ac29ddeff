"""The entry point: every command, and errors as a few lines."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from thalweg.cli import check, compare, faults, fit, grow, optimizers, problems, report, resume, runs, sweep
from thalweg.cli.terminal import UnansweredError
from thalweg.core.errors import ThalwegError

app = typer.Typer(
    name="thalweg",
    help="Optimize the training of deep networks in PyTorch: find faults, compare optimizers fairly, sweep, fit.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _module in (check, compare, sweep, fit, grow, resume, problems, optimizers, faults, runs, report):
    app.command(_module.__name__.rpartition(".")[2])(_module.command)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"thalweg {version('thalweg')}")
        raise typer.Exit


@app.callback()
def thalweg(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")] = False,
) -> None:
    """Optimize the training of deep networks in PyTorch: find faults, compare optimizers fairly, sweep, fit."""


def main() -> None:
    """Run the command line; exit code 0 done, 1 could not be done, 2 bad usage, 130 interrupted.

    ``thalweg check`` has codes of its own.
    """
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        with _ended_as_by_ctrl_c():
            app()
    except Exception as error:
        if debug:
            raise
        cause = error.__cause__ if isinstance(error, UnansweredError) else error
        _say(cause or error, error.code if isinstance(error, UnansweredError) else 1)


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Have SIGTERM, with which ``kill`` and schedulers end a process, do what Ctrl-C does: keep what there is."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # whoever started this has other plans
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _say(error: BaseException, code: int) -> None:
    """Print an error of ours as it is, any other as its first line, and exit."""
    first = (str(error).splitlines() or [""])[0]
    other = f"{type(error).__name__}: {first}\n  do this:  run it again with --debug to see where"
    typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(str(error) if isinstance(error, ThalwegError) else other, err=True)
    raise SystemExit(code)
