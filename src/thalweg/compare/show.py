"""Show: a comparison, or those on several problems, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.compare import overview, words
from thalweg.compare.comparisons import Comparisons
from thalweg.compare.result import Comparison, Standing

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

ROOMY = 100
"""Terminal columns from which the table shows everything."""

_STYLES = {"leader": "bold green", "unclear": "green", "behind": "dim", "not judged": "yellow"}


def show(comparison: Comparison, console: Console | None = None) -> None:
    """Print the verdict, the ranking and the caveats; what an interruption left out is listed too.

    Args:
        comparison: What `thalweg.compare` returned.
        console: Where to print; ``None`` takes standard output. Below 100 columns the table leaves out
            validation and times.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    console.print(Text(words.verdict(comparison), style="bold"))
    if comparison.ranking:
        console.print(_table(comparison, roomy=console.width >= ROOMY))
    for caveat in words.caveats(comparison):
        console.print(Text(f"• {caveat}"))
    for sentence in comparison.missing:
        console.print(Text(f"! {sentence}", style="yellow"))


def show_several(result: Comparisons, console: Console | None = None) -> None:
    """Print every comparison under its problem's name, then the scores over all of them, and the caveats.

    Args:
        result: What `thalweg.compare` returned for several problems.
        console: Where to print; ``None`` takes standard output.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    for comparison in result.comparisons:
        console.print(Text(comparison.problem, style="bold underline"))
        show(comparison, console)
        console.print()
    console.print(Text(overview.title(result), style="bold underline"))
    console.print(Text(overview.verdict(result), style="bold"))
    if result.profiles:
        console.print(_scores(result))
        for sentence in (overview.DEFINITION, overview.SCORE, overview.RELATIVE):
            console.print(Text(sentence))
    for caveat in overview.caveats(result):
        console.print(Text(f"• {caveat}"))
    for sentence in result.missing:
        console.print(Text(f"! {sentence}", style="yellow"))


def _scores(result: Comparisons) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    heads = ("score by\nupdates", "score by\nseconds", "solved", "cheapest\nby updates")
    table.add_column("optimizer", no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    by_seconds = {profile.optimizer: profile for profile in result.by("seconds")}
    for profile in result.by("updates"):
        scores = (f"{profile.score:.2f}", f"{by_seconds[profile.optimizer].score:.2f}")
        cells = (profile.optimizer, *scores, overview.solved(profile), overview.cheapest(profile))
        table.add_row(*map(Text, cells))
    return table


def _table(comparison: Comparison, *, roomy: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head, right in _heads(comparison, roomy=roomy):
        table.add_column(head, justify="right" if right else "left", no_wrap=True)
    for standing in comparison.ranking:
        style = _STYLES[words.judgement(comparison, standing.optimizer)]
        cells = _cells(comparison, standing, roomy=roomy)
        table.add_row(
            *(Text(cell, style=style if i in (1, len(cells) - 1) else "") for i, cell in enumerate(cells))
        )
    return table


def _heads(comparison: Comparison, *, roomy: bool) -> list[tuple[str, bool]]:
    unit = "\n(points)" if roomy and words.is_share(comparison.metric) else ""
    return [
        ("#", True),
        ("optimizer", False),
        (f"{words.scored_on(comparison)}\n{comparison.metric}", True),
        ("95 %\ninterval", True),
        ("learning\nrate", True),
        *([("valid", True)] if roomy else []),
        ("steps to\ntarget", True),
        *([("a run", True)] if roomy else []),
        (f"vs leader{unit}", False),
    ]


def _cells(comparison: Comparison, standing: Standing, *, roomy: bool) -> list[str]:
    metric = comparison.metric
    pair = words.versus(comparison, standing.optimizer)
    verdict = words.judgement(comparison, standing.optimizer)
    if roomy and pair is not None:
        verdict = f"{verdict} {words.gap(metric, pair).removesuffix(' points')}"
    edge = {"low": "↓", "high": "↑", None: ""}[standing.edge_of_range]
    return [
        str(standing.rank),
        standing.optimizer,
        words.amount(metric, standing.test.mean),
        words.spread(metric, standing.test).removesuffix(" %") or words.ABSENT,
        words.rate(words.learning_rate(standing)) + edge,
        *([words.amount(metric, standing.valid.mean)] if roomy else []),
        words.to_target(comparison, standing),
        *([words.duration(standing.seconds)] if roomy else []),
        verdict,
    ]
