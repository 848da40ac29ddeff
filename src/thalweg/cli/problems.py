"""``thalweg problems``."""

from __future__ import annotations


def command() -> None:
    """List the problems of the catalog."""
    from thalweg.cli.terminal import console, table
    from thalweg.problems.catalog import rows

    numbers = ("batch", "epochs", "target")
    listing = table("problem", "data", "net", *numbers, right=numbers, whole=("problem", "net"))
    for row in rows:
        listing.add_row(row.name, row.data, row.net, str(row.batch), str(row.epochs), f"{row.target:.0%}")
    out = console()
    out.print(listing)
    out.print(
        "All: ReLU layers, He initialization, cross-entropy, standardized inputs. The target is validation "
        "accuracy. digits and cancer come with scikit-learn; mnist and fashion-mnist are read from --data, "
        "$THALWEG_DATA or a cache that is filled by download."
    )
    out.print("Your own: path/to/file.py:name in place of a problem's name.")
