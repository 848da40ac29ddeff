"""``thalweg optimizers``."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thalweg.cli import arguments as a

if TYPE_CHECKING:
    from rich.table import Table


def command(
    name: Annotated[
        str | None, typer.Argument(help="Show this one whole.", autocompletion=a.optimizer_names)
    ] = None,
) -> None:
    """List the optimizers, or show one: formula, defaults, ranges, reference."""
    from thalweg.cli.terminal import console

    out = console()
    if name is None:
        out.print(_overview())
        out.print("`thalweg optimizers NAME` shows formula, defaults, ranges and reference.")
        return
    from rich.syntax import Syntax
    from rich.text import Text

    from thalweg.formula.latex import latex
    from thalweg.formula.rule import text
    from thalweg.optim import Named, optimizers
    from thalweg.optim.given import resolve

    name = resolve(name)
    entry = optimizers[name]
    out.print(Text.assemble((name, "bold"), f"  {entry.summary}"))
    out.print(f"in PyTorch: {_home(entry.kind)}.{entry.kind.__name__}")
    out.print(f"reference:  {entry.reference or 'none given'}\n")
    if isinstance(entry, Named):
        out.print(Syntax(text(entry.rule), "python", background_color="default", word_wrap=True))
        out.print("\n".join(["", *latex(entry.rule), ""]), soft_wrap=True)
    out.print(_hypers(name))


def _home(kind: Callable[..., Any]) -> str:
    from thalweg.core.code import PREFIX

    return "thalweg.optim" if kind.__module__.startswith("thalweg.") else kind.__module__.removeprefix(PREFIX)


def _overview() -> Table:
    from thalweg.cli.terminal import table
    from thalweg.optim import optimizers

    listing = table("optimizer", "class", "rule", whole=("optimizer", "class"))
    for name in optimizers:
        entry = optimizers[name]
        listing.add_row(name, entry.kind.__name__, entry.summary.partition(":")[2].strip())
    return listing


def _hypers(name: str) -> Table:
    from thalweg.cli.terminal import table
    from thalweg.optim import optimizers
    from thalweg.optim.foreign import Foreign

    entry = optimizers[name]
    meaning = dict(entry.meaning)
    if isinstance(entry, Foreign) and entry.span is None:
        meaning["lr"] = "tuned in the range that --search gives"
    else:
        low, high = entry.search
        meaning["lr"] = f"tuned in [{low:g}, {high:g}], log-uniform"
    listing = table("hyper-parameter", "default", "range", "", right=("default",), whole=("hyper-parameter",))
    for key, hyper in entry.hypers().items():
        listing.add_row(
            key, "" if isnan(hyper.default) else f"{hyper.default:g}", repr(hyper.interval), meaning.get(key, "")
        )
    for flag in entry.flags:
        listing.add_row(flag, str(entry.flags[flag]), "True, False", meaning.get(flag, ""))
    return listing
