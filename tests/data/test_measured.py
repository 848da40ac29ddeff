from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thalweg.data.measured import abalone, wine_quality


def test_abalone(data_root: Path) -> None:
    x, rings = abalone(data_root)
    assert x.shape == (4177, 10)
    assert x[0].tolist() == [1, 0, 0, 0.455, 0.365, 0.095, 0.514, 0.2245, 0.101, 0.15]
    assert (x[:, :3].sum(1) == 1).all()
    assert (round(rings.mean(), 3), round(rings.std(ddof=1), 3)) == (9.934, 3.224)


def test_wine_quality(data_root: Path) -> None:
    x, quality = wine_quality(data_root)
    assert x.shape == (6497, 12)
    red, white = quality[x[:, -1] == 0], quality[x[:, -1] == 1]
    assert (len(red), len(white)) == (1599, 4898)
    assert [round(float(part.mean()), 3) for part in (red, white)] == [5.636, 5.878]


def test_the_published_form_of_wine_quality(tmp_path: Path) -> None:
    names = ";".join(f'"measure {i}"' for i in range(11))
    for colour, row in (("red", np.arange(12.0)), ("white", np.arange(12.0) / 8)):
        numbers = ";".join(map(str, row))
        (tmp_path / f"winequality-{colour}.csv").write_text(f'{names};"quality"\n{numbers}\n')
    x, quality = wine_quality(tmp_path)
    assert x[0].tolist() == [*range(11), 0]
    assert x[1].tolist() == [*(np.arange(11) / 8), 1]
    assert quality.tolist() == pytest.approx([11, 11 / 8])
