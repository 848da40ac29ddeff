"""Show: a sweep, and a range test, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.core.wording import ABSENT, amount, rate
from thalweg.sweep import words
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from thalweg.sweep.range_test import RangeTest

MOST = 10
"""Trials in the table; the rest is counted."""

FEW = 3
"""Settings that get a column each."""


def show(result: SweepResult, console: Console | None = None) -> None:
    """Print the recommendation, the best trials and what a reader must know beside them.

    Args:
        result: What `thalweg.sweep` returned.
        console: Where to print; ``None`` takes standard output.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    console.print(Text(words.verdict(result), style="bold" if result.recommendation else "bold yellow"))
    if result.trials:
        console.print(_table(result, words.ranked(result)))
    for fact in words.facts(result):
        console.print(Text(fact))
    for caveat in words.caveats(result):
        console.print(Text(f"• {caveat}"))
    for sentence in result.missing:
        console.print(Text(f"! {sentence}", style="yellow"))


def _table(result: SweepResult, ranked: list[Trial]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("trial", *_settings(result), f"validation\n{result.metric}", "epochs", ""):
        left = name in ("trial", "setting", "")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "setting")
    best = result.recommendation
    for trial in ranked[:MOST]:
        style = "bold green" if best and trial.config == best else "" if trial.is_whole else "dim"
        table.add_row(*(Text(cell, style=style) for cell in _cells(result, trial)))
    if len(ranked) > MOST:
        table.caption = f"and {len(ranked) - MOST} more"
    return table


def _settings(result: SweepResult) -> tuple[str, ...]:
    """The columns of the settings: one each where they fit, else one for all."""
    return result.space.names if len(result.space.names) <= FEW else ("setting",)


def _cells(result: SweepResult, trial: Trial) -> list[str]:
    names = result.space.names
    values = [words.setting(trial.values[name]) if name in trial.values else ABSENT for name in names]
    if len(names) > FEW:
        values = [words.settings(trial.values)]
    return [
        trial.name.removeprefix("trial-"),
        *values,
        amount(result.metric, trial.metric),
        str(trial.epochs),
        words.fate(trial),
    ]


def show_range_test(test: RangeTest, console: Console | None = None) -> None:
    """Print the suggestion of a range test, its curve in ten lines, and its limits.

    Args:
        test: What `thalweg.range_test` returned.
        console: Where to print; ``None`` takes standard output.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = console or Console()
    console.print(Text(words.suggestion(test), style="bold"))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in ("learning rate", "smoothed loss"):
        table.add_column(head, justify="right")
    for i in range(0, len(test.rates), max(len(test.rates) // MOST, 1)):
        table.add_row(rate(test.rates[i]), f"{test.smoothed[i]:.4g}")
    console.print(table)
    for sentence in test.limits:
        console.print(Text(f"• {sentence}"))
