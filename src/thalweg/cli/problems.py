"""``thalweg problems``."""

from __future__ import annotations


def command() -> None:
    """List the problems of the catalog."""
    from thalweg.cli.terminal import console, table
    from thalweg.problems.catalog import rows

    numbers = ("batch", "epochs")
    listing = table("problem", "net", *numbers, "target", right=numbers, whole=("problem", "net", "target"))
    for row in rows:
        listing.add_row(row.name, row.net.text, str(row.batch), str(row.epochs), row.goal)
    out = console()
    out.print(listing)
    out.print(
        "The target is met on validation: an accuracy of at least this, a loss or a mean absolute error (mae) of "
        "at most this. digits, cancer, wine and diabetes come with scikit-learn; quadratic and rosenbrock need no "
        "data; the others are read from --data, $THALWEG_DATA or a cache that is filled by download, but for sms "
        "and cifar-subset, whose files have to be put in their place."
    )
    out.print("Your own: path/to/file.py:name in place of a problem's name.")
