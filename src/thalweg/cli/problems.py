"""``thalweg problems``."""

from __future__ import annotations


def command() -> None:
    """List the problems of the catalog."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from thalweg.problems.catalog import rows

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("problem", "data", "net", "batch", "epochs", "target"):
        table.add_column(head, justify="right" if head in ("batch", "epochs", "target") else "left")
    for row in rows:
        table.add_row(row.name, row.data, row.net, str(row.batch), str(row.epochs), f"{row.target:.0%}")
    console = Console()
    console.print(table)
    console.print(
        "ReLU layers, He initialization, cross-entropy, standardized inputs; the target is validation accuracy.\n"
        "digits and cancer come with scikit-learn; mnist and fashion-mnist are read from --data, $THALWEG_DATA\n"
        "or a cache that is filled by download. Your own: path/to/file.py:name in place of a problem's name.",
        highlight=False,
    )
