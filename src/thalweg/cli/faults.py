"""``thalweg faults``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from thalweg.check.faults import Fault

INDENT = 2


def _names(incomplete: str) -> list[str]:
    from thalweg.check.faults import faults

    return [name for name in faults if name.startswith(incomplete)]


def command(
    name: Annotated[str | None, typer.Argument(help="Show this one whole.", autocompletion=_names)] = None,
) -> None:
    """List the faults that a check can find, or show one: what it is, how it is found, remedy, example."""
    from thalweg.check.faults import faults
    from thalweg.cli.terminal import console

    out = console()
    if name is None:
        out.print(_overview())
        out.print("`thalweg faults NAME` shows how it is found, its threshold, remedy, example and sources.")
        return
    for part in _page(faults[name]):
        out.print(part)


def _overview() -> Table:
    from rich.text import Text

    from thalweg.check.faults import families
    from thalweg.cli.terminal import table

    listing = table("fault", "in words", whole=("fault",))
    for heading, family in families.items():
        listing.add_row(Text(heading, "bold"))
        for fault in family:
            listing.add_row(f"  {fault.name}", fault.title)
        listing.add_section()
    return listing


def _page(fault: Fault) -> list[RenderableType]:
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    from thalweg.watch.watchers import watching

    sections = {
        "What it is": fault.what,
        "How it is found": fault.found,
        **({"How thalweg.watch finds it in a loop": " ".join(seen)} if (seen := watching(fault.name)) else {}),
        "Threshold": fault.threshold,
        "Where it comes from": fault.basis,
        "Remedy": fault.remedy,
    }
    diff = "\n".join(f"{mark or ' '} {code}" for mark, code in fault.example.lines)
    program = Syntax(diff, "diff", background_color="default", word_wrap=True)
    made: list[RenderableType] = [Text.assemble((fault.name, "bold"), f"  {fault.title}")]
    for heading, text in sections.items():
        made += [Text(f"\n{heading}", "bold"), Padding(Text(text), (0, 0, 0, INDENT))]
    made += [Text("\nExample", "bold"), program, _signed(fault.example.sign)]
    made += [Text("\nSources", "bold"), *(Padding(Text(source), (0, 0, 0, INDENT)) for source in fault.sources)]
    return made


def _signed(sign: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    said = f"With the lines marked - this is true, with those marked + it is false:\n{sign}"
    return Padding(Text(said), (1, 0, 0, INDENT))
