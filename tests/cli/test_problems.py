"""`thalweg problems` lists the catalog, on 80 columns."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from thalweg.problems.catalog import rows

Thalweg = Callable[..., subprocess.CompletedProcess[str]]


def test_every_problem_has_its_line(thalweg: Thalweg) -> None:
    said = thalweg("problems")
    assert said.returncode == 0
    lines = [line.split() for line in said.stdout.splitlines()]
    for row in rows:
        assert [row.name, *row.net.text.split(), str(row.batch), str(row.epochs), *row.goal.split()] in lines
    assert max(map(len, said.stdout.splitlines())) <= 80
