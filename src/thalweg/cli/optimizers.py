"""``thalweg optimizers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from thalweg.cli import arguments as a

if TYPE_CHECKING:
    from rich.table import Table


def command(
    name: Annotated[
        str | None, typer.Argument(help="Show this one whole.", autocompletion=a._optimizer_names)
    ] = None,
) -> None:
    """List the optimizers, or show one: formula, defaults, ranges, reference."""
    from rich.console import Console

    console = Console()
    if name is None:
        console.print(_overview())
        console.print("`thalweg optimizers NAME` shows formula, defaults, ranges and reference.")
        return
    from rich.syntax import Syntax

    from thalweg.formula.latex import latex
    from thalweg.formula.rule import text
    from thalweg.optim import optimizers

    entry = optimizers[name]
    console.print(f"[bold]{name}[/]  {entry.rule.summary}", highlight=False)
    console.print(f"in PyTorch: thalweg.optim.{entry.kind.__name__}", highlight=False)
    console.print(f"reference:  {entry.rule.reference}\n", highlight=False)
    console.print(Syntax(text(entry.rule), "python", background_color="default"))
    console.print("\n".join(["", *latex(entry.rule), ""]), highlight=False, markup=False)
    console.print(_hypers(name))


def _overview() -> Table:
    from rich import box
    from rich.table import Table

    from thalweg.optim import optimizers

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("optimizer", "class", "rule", "reference"):
        table.add_column(head)
    for name in optimizers:
        entry = optimizers[name]
        summary = entry.rule.summary.partition(":")[2].strip()
        table.add_row(name, entry.kind.__name__, summary, entry.rule.reference)
    return table


def _hypers(name: str) -> Table:
    from rich import box
    from rich.table import Table

    from thalweg.optim import optimizers
    from thalweg.rules import options

    entry = optimizers[name]
    meaning = {option.name: (option.function.__doc__ or "").strip().splitlines()[0] for option in options}
    low, high = entry.rule.search
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("hyper-parameter", "default", "range", ""):
        table.add_column(head, justify="right" if head == "default" else "left")
    for key, hyper in entry.hypers().items():
        note = f"tuned in [{low:g}, {high:g}], log-uniform" if key == "lr" else meaning.get(key, "")
        table.add_row(key, f"{hyper.default:g}", repr(hyper.interval), note)
    for flag in entry.flags:
        table.add_row(flag, str(entry.rule.flags.get(flag, False)), "True, False", meaning.get(flag, ""))
    return table
