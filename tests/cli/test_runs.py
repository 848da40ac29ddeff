"""`thalweg runs` lists what the store holds, in names that can be typed back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]


@pytest.fixture
def kept(thalweg: Thalweg, blobs: Blobs) -> Thalweg:
    """A store with a comparison and a fit."""
    thalweg("compare", blobs(), "-o", "sgd,rmsprop-nesterov", "--trials=2", "--seeds=1", "--out", "[red].html")
    thalweg(
        "fit", blobs(), "-o", "rmsprop-nesterov", "--set", "momentum=0.95", "--set", "clip_norm=1", "--lr=0.001"
    )
    return thalweg


def test_every_study_has_one_line(kept: Thalweg) -> None:
    said = kept("runs")
    assert said.returncode == 0
    rows = [line.split() for line in said.stdout.splitlines() if "/" in line]
    assert [row[0] for row in rows] == ["compare-0001", "fit-0002"]
    assert [row[3:7] for row in rows] == [
        ["finished", "6/6", "compare", "mine.py:problem"],
        ["finished", "1/1", "fit", "mine.py:problem"],
    ]
    assert max(map(len, said.stdout.splitlines())) <= 80


def test_the_runs_of_one_study_can_be_typed_back(kept: Thalweg) -> None:
    said = kept("runs", "compare-0001")
    firsts = [line.split()[0] for line in said.stdout.splitlines() if line.strip()]
    names = [
        f"{optimizer}/{part}"
        for part in ("trial-0", "trial-1", "seed-1")
        for optimizer in ("sgd", "rmsprop-nesterov")
    ]
    assert [name for name in names if name not in firsts] == []
    assert said.stdout.count("completed") == 6
    assert kept("report", "compare-0001/rmsprop-nesterov/trial-1").returncode == 0


def test_the_command_is_shown_whole_and_as_it_was_typed(kept: Thalweg) -> None:
    command = "thalweg compare mine.py:problem -o sgd,rmsprop-nesterov --trials=2 --seeds=1 --out '[red].html'"
    assert f"made by: {command}" in kept("runs", "compare-0001").stdout.splitlines()


def test_settings_are_shown_beside_each_run(kept: Thalweg) -> None:
    flat = " ".join(kept("runs", "fit-0002").stdout.split())
    for setting in ("momentum=0.95", "clip_norm=1", "lr=0.001", "rmsprop-nesterov"):
        assert setting in flat


def test_an_unknown_study_names_the_nearest(kept: Thalweg) -> None:
    said = kept("runs", "compare-0002")
    assert said.returncode == 1
    assert "did you mean 'compare-0001'" in said.stderr


def test_the_store_can_be_named_once_for_all(
    thalweg: Thalweg, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THALWEG_STORE", "elsewhere.db")
    thalweg("fit", blobs())
    assert "fit-0001" in thalweg("runs").stdout
    assert thalweg("runs", "--store", "thalweg-runs/runs.db").returncode == 1
