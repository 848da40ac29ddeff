"""Data sets whose target is a measure, in files: abalone and the quality of wines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thalweg.data.sources import locate
from thalweg.data.table import read_table

Measured = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Inputs, shape ``(n, features)``, and targets, shape ``(n,)``, in their own units."""


def abalone(root: str | Path | None = None) -> Measured:
    """Return 4177 sea snails: sex (male, female, infant: three columns), seven sizes and weights, and their rings.

    Args:
        root: Where to look first; see `locate`.

    Raises:
        MissingDataError: The file is not there and cannot be downloaded.
        CorruptFileError: The file is damaged.
    """
    table = read_table(locate("abalone", root=root)["abalone.csv"], columns=9, categories={0: ("M", "F", "I")})
    return table[:, :-1], table[:, -1]


def wine_quality(root: str | Path | None = None) -> Measured:
    """Return 6497 Portuguese wines: 11 chemical measures, the colour (0 red, 1 white), and tasters' marks.

    The published file, with a header and semicolons, is read as well as copies with neither.

    Args:
        root: Where to look first; see `locate`.

    Raises:
        MissingDataError: A file is not there and cannot be downloaded.
        CorruptFileError: A file is damaged.
    """
    files = locate("wine-quality", root=root)
    colours = [read_table(files[f"winequality-{colour}.csv"], columns=12) for colour in ("red", "white")]
    white = np.repeat([0.0, 1.0], [len(table) for table in colours])
    table = np.concatenate(colours)
    return np.column_stack([table[:, :-1], white]), table[:, -1]
