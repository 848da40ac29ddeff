"""Show: one run in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.core.run import Run

if TYPE_CHECKING:
    from rich.console import Console


def show(run: Run, console: Console | None = None) -> None:
    """Print the curve, an epoch a line, and how the run ended.

    Args:
        run: What `thalweg.fit` returned.
        console: Where to print; ``None`` takes standard output.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = console or Console()
    names = list(run.valid)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("epoch", "step", "lr", "train loss", *(f"valid {name}" for name in names), "seconds"):
        table.add_column(head, justify="right")
    kept = run.config.keeps_best and not run.outcome.broken
    for epoch in run.epochs:
        mark = "*" if epoch.number == run.best_epoch and kept else ""
        figures = [f"{epoch.valid[name]:.4f}" for name in names]
        table.add_row(
            f"{mark}{epoch.number}",
            str(epoch.step),
            f"{epoch.lr:.3g}",
            f"{epoch.train_loss:.4f}",
            *figures,
            f"{epoch.seconds:.2f}",
        )
    console.print(table)
    if kept and run.epochs:
        console.print("the best epoch by validation is marked *; its weights were put back")
    hyper = [f"{key}={value:g}" for key, value in run.config.hyper.items()]
    settings = ", ".join([*hyper, *(f"{key}={value}" for key, value in run.config.additions.items())])
    console.print(f"{run.problem} with {run.config.optimizer} ({settings or 'defaults'})", highlight=False)
    why = run.message or run.outcome.advice
    console.print(f"{run.outcome}: {why}", highlight=False)
    if run.zeros is not None:
        console.print(f"{100 * run.zeros:.1f} % of the weights are exactly zero", highlight=False)
    if run.test is not None:
        console.print(
            "test " + ", ".join(f"{name} {value:.4f}" for name, value in run.test.items()), highlight=False
        )
