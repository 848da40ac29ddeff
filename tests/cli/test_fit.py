"""`thalweg fit`: one run, resumable, from the catalog or from a user's file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

FUNCTION = "def problem():\n    return tw.Problem(**settings)"


@pytest.mark.parametrize("last", ["problem = tw.Problem(**settings)", FUNCTION])
def test_a_users_file_holds_a_problem_or_a_function(last: str, thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("fit", blobs(last))
    assert (said.returncode, said.stderr) == (0, "")
    assert "blobs with momentum (defaults)" in said.stdout
    assert "completed" in said.stdout
    kept = "kept as fit-0001 in thalweg-runs/runs.db, its weights in thalweg-runs/fit-0001"
    assert kept in said.stdout.splitlines()
    assert (Path("thalweg-runs") / "fit-0001" / "checkpoint.safetensors").is_file()
    assert max(map(len, said.stdout.splitlines())) <= 80


def test_a_path_may_stand_in_any_folder(thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "sub folder").mkdir()
    (tmp_path / "sub folder" / "neighbour.py").write_text("rate = 0.1")
    spec = blobs("import neighbour; problem = tw.Problem(**settings)", name="sub folder/train.py")
    assert thalweg("fit", tmp_path / spec).returncode == 0
    assert thalweg("fit", spec.removesuffix(":problem")).returncode == 0


def trained(said: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The run of ``fit --json`` without its clocks and its folder."""
    assert said.returncode == 0, said.stderr
    run = json.loads(said.stdout)
    for epoch in run["epochs"]:
        del epoch["seconds"]
    return {key: value for key, value in run.items() if key not in ("seconds", "checkpoint")}


def test_json_is_the_run(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = ["-o", "adam", "--lr", "0.02", "--set", "beta1=0.8", "--seed", "3", "--test", "--json"]
    run = trained(thalweg("fit", blobs(), *typed))
    assert (run["format"], run["problem"], run["outcome"], run["steps"]) == (1, "blobs", "completed", 10)
    assert (run["config"]["optimizer"], run["config"]["seed"]) == ("adam", 3)
    assert run["config"]["hyper"] == {"lr": 0.02, "beta1": 0.8}
    assert run["test"].keys() == {"loss", "accuracy"}
    assert len(run["epochs"]) == 2


def test_every_hyper_parameter_may_follow_a_schedule(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = ["--schedule=step", "--schedule-set=every=1", "--schedule=momentum=linear:end=1.1,over=2", "--lr=0.1"]
    run = trained(thalweg("fit", blobs(), *typed, "--json"))
    assert (run["config"]["schedule"], run["config"]["schedule_options"]) == ("step", {"every": 1})
    assert run["config"]["schedules"] == {"momentum": ["linear", {"end": 1.1, "over": 2}]}
    assert [epoch["lr"] for epoch in run["epochs"]] == pytest.approx([0.1, 0.01])


@pytest.mark.parametrize("optimizer", ["nesterov", "adam"])
def test_going_on_gives_the_bits_of_an_uninterrupted_run(
    optimizer: str, thalweg: Thalweg, blobs: Blobs, tmp_path: Path
) -> None:
    typed = ["fit", blobs(), "-o", optimizer, "--lr=0.05", "--schedule=exponential", "--json", "--checkpoint"]
    whole = trained(thalweg(*typed, "whole", "--epochs=5"))
    trained(thalweg(*typed, "parts", "--epochs=2"))
    parts = trained(thalweg(*typed, "parts", "--epochs=5", "--resume"))
    assert parts == whole
    assert [epoch["number"] for epoch in parts["epochs"]] == [1, 2, 3, 4, 5]
    one, other = (load_file(tmp_path / folder / "checkpoint.safetensors") for folder in ("whole", "parts"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_checkpoint_of_another_setting_is_refused(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = ["fit", blobs(), "--checkpoint", "c"]
    thalweg(*typed)
    said = thalweg(*typed, "--resume", "--lr=0.3")
    assert said.returncode == 1
    assert "of another run" in said.stderr


def test_where_the_store_was_deleted_its_weights_stay_and_new_runs_go_on(thalweg: Thalweg, blobs: Blobs) -> None:
    assert thalweg("fit", blobs()).returncode == 0
    kept = Path("thalweg-runs", "fit-0001", "checkpoint.safetensors")
    before = kept.read_bytes()
    for file in Path("thalweg-runs").glob("runs.db*"):
        file.unlink()
    said = thalweg("fit", blobs(), "--seed=1")
    assert (said.returncode, said.stderr) == (0, "")
    assert "kept as fit-0002 in thalweg-runs/runs.db, its weights in thalweg-runs/fit-0002" in said.stdout
    assert kept.read_bytes() == before


def test_early_stopping_marks_the_epoch_that_was_kept(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("fit", blobs(), "--epochs", "60", "--patience", "3", "--lr", "0.5")
    assert "stopped_early" in said.stdout
    assert sum(line.strip().startswith("*") for line in said.stdout.splitlines()) == 1


def test_a_run_that_diverges_is_a_result(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("fit", blobs("x[:] = 1e18 * x; problem = tw.Problem(**settings)"), "--lr", "1000")
    assert (said.returncode, said.stderr) == (0, "")
    assert "diverged" in said.stdout


def test_a_page_is_written_where_asked(thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    said = thalweg("fit", blobs(), "--out", "one run.html")
    assert str(tmp_path / "one run.html") in said.stdout.splitlines()
    assert "blobs" in (tmp_path / "one run.html").read_text("utf-8")


def test_real_data_from_a_named_folder(thalweg: Thalweg, data_root: Path) -> None:
    said = thalweg("fit", "mnist/logistic", "--data", data_root, "--epochs=1", "--lr=0.01", "--test", "--json")
    assert trained(said)["test"]["accuracy"] > 0.85


FAULTY_LOSS = """
calls = []
def faulty(output, target):
    calls.append(len(target))
    if len(calls) > 12:
        raise RuntimeError("first line" + chr(10) + "second line")
    return nn.functional.cross_entropy(output, target)
settings["loss"] = faulty
problem = tw.Problem(**settings)
"""


def test_a_run_that_fails_is_kept_and_says_why(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("fit", blobs(FAULTY_LOSS))
    assert said.returncode == 1
    assert "failed: " in said.stdout
    assert "RuntimeError: first line" in said.stdout
    assert "Traceback" not in said.stdout + said.stderr
    assert "failed" in thalweg("runs", "fit-0001").stdout
