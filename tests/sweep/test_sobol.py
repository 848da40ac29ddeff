"""Scrambled Sobol points: SciPy's, the same for the same seed, one in each part of the cube."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from thalweg.sweep.sobol import sobol


@pytest.mark.parametrize(("n", "d"), [(1, 1), (16, 1), (21, 3), (32, 2)])
def test_points_are_scipys_and_begin_alike(n: int, d: int) -> None:
    points = sobol(n, d, seed=7)
    assert points == [tuple(p) for p in qmc.Sobol(d, rng=7).random(64)[:n].tolist()]
    assert points == sobol(n, d, seed=7)
    assert points != sobol(n, d, seed=8)


def test_each_sixteenth_of_every_axis_holds_one_of_sixteen_points() -> None:
    cells = np.floor(16 * np.array(sobol(16, 3, seed=-5)))
    assert all(sorted(axis) == list(range(16)) for axis in cells.T.tolist())
