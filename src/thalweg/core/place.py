"""Place: where runs are kept if nobody says otherwise."""

import os
from pathlib import Path

DEFAULT = Path("thalweg-runs") / "runs.db"
"""A file in the folder that one works in."""

VARIABLE = "THALWEG_STORE"
"""Of the environment, which names another."""


def usual() -> Path:
    """Return the file that the environment names, else the default."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)
