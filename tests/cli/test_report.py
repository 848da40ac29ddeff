"""`thalweg report` writes the page of a study, or of a single run, again."""

from __future__ import annotations

import subprocess
import sys
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


LOOP = """
import os, sys, torch
import thalweg as tw

model, loss_fn = torch.nn.Linear(2, 1), torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
monitor = tw.watch(model, optimizer, loss=loss_fn, every=1, quiet=True)
for step in range(8):  # it forgets to clear gradients
    loss_fn(model(torch.randn(4, 2)), torch.randn(4, 1)).backward()
    optimizer.step()
if "killed" in sys.argv:
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_loop_that_was_watched_has_a_page_even_if_it_was_killed(
    killed: bool, thalweg: Thalweg, tmp_path: Path
) -> None:
    words = ["killed"] if killed else []
    ended = subprocess.run([sys.executable, "-c", LOOP, *words], cwd=tmp_path, check=False)
    assert ended.returncode == (-9 if killed else 0)
    assert thalweg("report", "watch-0001").returncode == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Gradients not cleared" in page
    assert ("before the monitor was closed" in page) is killed
    assert ("8 updates of Linear" in page) is not killed
    assert "watch-0001" in thalweg("runs").stdout
