"""`thalweg grow`: a run of the store goes on with a larger net; `fit --grow-when-plateaued`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

HIDDEN = """
settings["model"] = lambda: nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
problem = tw.Problem(**settings)
"""


@pytest.fixture
def trained(thalweg: Thalweg, blobs: Blobs) -> str:
    """A run kept as fit-0001."""
    assert thalweg("fit", blobs(HIDDEN), "-o", "nesterov", "--lr=0.05", "--seed=3").returncode == 0
    return "fit-0001"


def test_a_run_grows_and_goes_on(trained: str, thalweg: Thalweg) -> None:
    said = thalweg("grow", trained, "--wider", "2", "--deeper", "1")
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert "0 has 12 units, it had 6" in lines
    assert "behind 0 there is a new Linear of 12 units" in lines
    assert "optimizer state carried over" in lines
    assert "kept as grow-0002 in thalweg-runs/runs.db, its weights in thalweg-runs/grow-0002" in lines
    assert sum(line.startswith("validation accuracy: before ") for line in lines) == 1
    tensors = load_file(Path("thalweg-runs") / "grow-0002" / "checkpoint.safetensors")
    assert any(tensor.shape == (12, 12) for tensor in tensors.values())
    assert "grow-0002" in thalweg("runs").stdout
    assert thalweg("report", "grow-0002").returncode == 0


def test_what_grew_grows_again(trained: str, thalweg: Thalweg) -> None:
    assert thalweg("grow", trained, "--wider=2", "--epochs=1").returncode == 0
    said = thalweg("grow", "grow-0002", "--deeper=1", "--noise=0", "--json", "--test")
    assert said.returncode == 0, said.stderr
    run = json.loads(said.stdout)
    assert run["grew"] == ["behind 0 there is a new Linear of 12 units"]
    assert run["grown"]["loss"] == pytest.approx(run["before"]["loss"], rel=1e-4)
    assert (run["config"]["optimizer"], run["config"]["seed"], run["config"]["epochs"]) == ("nesterov", 3, 1)
    assert run["test"].keys() == {"loss", "accuracy"}


def test_the_file_may_have_moved(trained: str, thalweg: Thalweg) -> None:
    Path("mine.py").rename("yours.py")
    assert "no Python file" in thalweg("grow", trained, "--wider=2").stderr
    assert thalweg("grow", trained, "--wider=2", "--problem", "yours.py:problem").returncode == 0


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["fit-0001"], "There is nothing to grow"),
        (["fit-0001", "--wider=0.5"], "a net never shrinks by growing"),
        (["fit-0001", "--wider=2", "--layer=1"], "cannot be widened"),
        (["fit-0001", "--wider=2", "--layer=fc"], "There is no layer named 'fc'"),
        (["fit-0001", "--deeper=1", "--layer=2"], "outputs of the model"),
        (["fit-0007", "--wider=2"], "did you mean 'fit-0001'?"),
    ],
)
def test_bad_input_is_a_few_lines(typed: list[str], expected: str, trained: str, thalweg: Thalweg) -> None:
    said = thalweg("grow", *typed)
    assert (said.returncode, said.stdout) == (1, "")
    assert expected in said.stderr
    assert "Traceback" not in said.stderr
    assert "grow-0002" not in thalweg("runs").stdout


def test_a_comparison_has_no_net_to_grow(thalweg: Thalweg, blobs: Blobs) -> None:
    quick = ["--optimizers=sgd", "--trials=2", "--seeds=1", "--epochs=1"]
    assert thalweg("compare", blobs(), *quick).returncode == 0
    assert "is no study of one run" in thalweg("grow", "compare-0001", "--wider=2").stderr


def test_fit_adds_layers_at_a_plateau(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = [
        "fit",
        blobs(HIDDEN),
        "-o",
        "adam",
        "--lr=0.1",
        "--epochs=20",
        "--patience=2",
        "--grow-when-plateaued",
    ]
    said = thalweg(*typed, "--test")
    assert (said.returncode, said.stderr) == (0, "")
    assert "grew " in said.stdout
    assert "fit-0001" in said.stdout
    assert "run-grown-1" in thalweg("runs", "fit-0001").stdout
    assert thalweg("grow", "fit-0001", "--wider=2", "--epochs=1").returncode == 0
    for wrong in ([*typed[:-2], "--grow-when-plateaued"], [*typed, "--checkpoint=c", "--resume"]):
        refused = thalweg(*wrong)
        assert refused.returncode == 1
        assert "needs a patience, and cannot be resumed" in refused.stderr
