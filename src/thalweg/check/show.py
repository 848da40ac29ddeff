"""Show: a diagnosis in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.check import words
from thalweg.check.diagnosis import Diagnosis
from thalweg.core.finding import Finding, Severity

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "dim"}


def show(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """Print findings with evidence and remedy, what was found in order, and what was left out.

    Args:
        diagnosis: What `thalweg.check` returned.
        console: Where to print; ``None`` takes standard output.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    sound = not (diagnosis.errors or diagnosis.warnings)
    console.print(Text(words.verdict(diagnosis), style="bold green" if sound else "bold"))
    for finding in diagnosis.findings:
        show_finding(finding, console)
    if diagnosis.passed:
        console.print(_passed(diagnosis))
    for reason, questions in words.unchecked(diagnosis).items():
        console.print(Text(f"! {' '.join((reason, *questions))}", style="yellow"))
    console.print(Text(words.cost(diagnosis), style="dim"))


def show_finding(finding: Finding, console: Console) -> None:
    """Print one finding: where it is, what was seen, what to do, what came of it.

    Args:
        finding: The finding.
        console: Where to print.
    """
    from rich.text import Text

    head = f"\n{finding.severity}: {finding.fault}, {finding.where}"
    console.print(Text(head, style=_STYLES[finding.severity]))
    console.print(_details(finding))


def _details(finding: Finding) -> Table:
    from rich.table import Table
    from rich.text import Text

    rows = [("seen", finding.evidence), ("do this", finding.remedy)]
    rows += [("tried", words.tried(finding.proof))] if finding.proof else []
    rows += [("causes", words.consequence(one)) for one in finding.consequences]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        helps = label == "tried" and finding.proof is not None and finding.proof.helped
        grid.add_row(Text(f"  {label}", style="dim"), Text(text, style="green" if helps else ""))
    return grid


def _passed(diagnosis: Diagnosis) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("passed", no_wrap=True)
    table.add_column("", overflow="fold")
    for one in diagnosis.passed:
        table.add_row(Text(one.name, style="green"), Text(one.evidence))
    return table
