"""`thalweg report` writes the page of a study, or of a single run, again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]


@pytest.fixture
def kept(thalweg: Thalweg, blobs: Blobs) -> Thalweg:
    """A store with a comparison, a fit and a sweep of a single seed."""
    thalweg("compare", blobs(), "-o", "sgd,adam", "--trials=2", "--seeds=2")
    thalweg("fit", blobs(), "-o", "adagrad")
    thalweg("sweep", blobs(), "-o", "sgd", "--trials=2", "--seeds=1", "--threads=1", "--out", "sweep.html")
    return thalweg


@pytest.mark.parametrize(("study", "page"), [("compare-0001", "report.html"), ("sweep-0003", "sweep.html")])
def test_a_studys_page_is_the_same_again(study: str, page: str, kept: Thalweg, tmp_path: Path) -> None:
    said = kept("report", study, "--out", "again.html")
    assert (said.returncode, said.stdout) == (0, f"{tmp_path / 'again.html'}\n")
    assert (tmp_path / "again.html").read_text("utf-8") == (tmp_path / page).read_text("utf-8")


@pytest.mark.parametrize(("run", "optimizer"), [("fit-0002", "adagrad"), ("compare-0001/adam/seed-2", "adam")])
def test_a_single_run_has_a_page_too(run: str, optimizer: str, kept: Thalweg, tmp_path: Path) -> None:
    said = kept("report", run, "--out", "run.html")
    assert (said.returncode, said.stderr) == (0, "")
    assert optimizer in (tmp_path / "run.html").read_text("utf-8")


def test_the_page_replaces_an_older_one(kept: Thalweg, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old")
    assert kept("report", "fit-0002").returncode == 0
    assert (tmp_path / "report.html").read_text("utf-8").lower().startswith("<!doctype html>")


@pytest.mark.parametrize("place", ["absent/report.html", "mine.py/report.html"])
def test_a_place_that_cannot_be_written(place: str, kept: Thalweg, tmp_path: Path) -> None:
    said = kept("report", "compare-0001", "--out", place)
    assert said.returncode == 1
    assert str(tmp_path / place) in said.stderr
    assert len(said.stderr.splitlines()) <= 6
