"""`thalweg sweep`: the recommendation, the store, one JSON object, exit codes, and slips in what is typed."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from thalweg.cli.retyped import fit_command
from thalweg.core.config import Config
from thalweg.core.run import Epoch
from thalweg.problems import Problem
from thalweg.store import Database, load_result, runs, studies
from thalweg.sweep.result import SweepResult

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

SMALL = ["-o", "sgd", "--lr", "1e-4:1e3", "--trials", "6", "--seeds", "2", "--threads", "1"]


def strictly(text: str) -> dict[str, Any]:
    """Read one JSON object as a strict reader does: nothing around it, no NaN in it."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_it_recommends_and_keeps(thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    said = thalweg("sweep", blobs(), *SMALL)
    assert (said.returncode, said.stderr) == (0, "")
    (command,) = [line for line in said.stdout.splitlines() if line.startswith("train it: ")]
    lines = [line for line in said.stdout.splitlines() if "report.html" not in line and line != command]
    assert max(map(len, lines)) <= 80
    assert "Train blobs with sgd, lr=" in " ".join(said.stdout.split())
    assert "kept as sweep-0001 in thalweg-runs/runs.db" in said.stdout.splitlines()
    assert f"{tmp_path / 'report.html'}" in said.stdout.splitlines()
    with Database.open_readonly(tmp_path / "thalweg-runs" / "runs.db") as database:
        (study,) = studies(database)
        assert (study.status, study.runs, study.ended) == ("finished", 8, 8)
        result = SweepResult.from_json(load_result(database, study.id)[1])
        ids = [run.id for run in runs(database, study.id)]
    best = result.recommendation
    assert best is not None
    assert command == f"train it: {fit_command('mine.py:problem', best)}"
    assert len(ids) == len(set(ids)) == len(result.trials) + len(result.finals)
    assert "sweep-0001/trial-005" in ids


def test_json_is_one_strict_object_with_the_promised_keys(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("sweep", blobs(), *SMALL, "--json")
    assert (said.returncode, said.stderr) == (0, "")
    found = strictly(said.stdout)
    promised = {"format", "best", "band", "basin", "edge_of_range", "executor", "trials", "importance", "spent"}
    assert found.keys() >= promised | {"saved", "seconds", "environment"}
    assert found["band"]["low"] <= found["band"]["mean"] <= found["band"]["high"]
    for trial in found["trials"]:
        assert trial.keys() >= {"config", "metric", "outcome", "steps", "epochs"}
    assert found["best"]["hyper"]["lr"] in [trial["values"]["lr"] for trial in found["trials"]]


def test_an_edge_is_exit_code_1_with_the_same_object(thalweg: Thalweg, blobs: Blobs) -> None:
    low = [
        "-o",
        "sgd",
        "--lr=1e-3:1e-2",
        "--sampler=grid",
        "--trials=4",
        "--seeds=2",
        "--epochs=20",
        "--threads=1",
    ]
    refused = thalweg("sweep", blobs(), *low, "--json")
    found = strictly(refused.stdout)
    assert (refused.returncode, found["best"]) == (1, None)
    assert found["edge_of_range"][0]["name"] == "lr"
    said = thalweg("sweep", blobs(), *low)
    assert said.returncode == 1
    assert "the edge of your range" in " ".join(said.stdout.split())
    assert "train it" not in said.stdout


def test_settings_are_searched_and_fixed_as_typed(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = ["-o", "momentum,sgd", "--set", "momentum=0.5:0.95", "--set", "batch_size=15,30"]
    typed += ["--set", "weight_decay=1e-4", "--trials=4", "--seeds=1", "--epochs=3", "--seed=5", "--threads=1"]
    found = strictly(thalweg("sweep", blobs(), *typed, "--schedule=linear", "--json").stdout)
    assert found["space"]["momentum"]["momentum"] == {"kind": "uniform", "low": 0.5, "high": 0.95}
    for trial in found["trials"]:
        config = trial["config"]
        assert config["hyper"]["weight_decay"] == 1e-4
        assert config["batch_size"] in (15, 30)
        assert (config["schedule"], config["epochs"], config["seed"], config["keep"]) == ("linear", 3, 5, "best")
        assert ("momentum" in config["hyper"]) == (config["optimizer"] == "momentum")
    assert found["seeds"] == [6]


def test_a_space_of_ones_own_and_a_sampler(thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "ranges.py").write_text("import thalweg as tw\nspace = {'lr': tw.log(1e-2, 10)}\n")
    typed = ["-o", "sgd", "--space", "ranges.py:space", "--sampler=tpe", "--no-halving", "--trials=3", "--seeds=1"]
    found = strictly(thalweg("sweep", blobs(), *typed, "--threads=1", "--json").stdout)
    assert (found["sampler"], found["stops"]) == ("tpe", [[]])
    assert found["space"]["sgd"]["lr"] == {"kind": "log", "low": 0.01, "high": 10}


def test_what_is_recommended_is_trained_by_the_command_below_it(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = ["-o", "sgd,momentum", "--lr", "1e-2:1e2", "--set", "momentum=0.5,0.9", "--schedule=linear:end=0.1"]
    said = thalweg("sweep", blobs(), *typed, "--trials=6", "--seeds=2", "--threads=1", "--epochs=4").stdout
    (command,) = [line for line in said.splitlines() if line.startswith("train it: thalweg fit mine.py:problem ")]
    trained = strictly(thalweg(*shlex.split(command)[3:], "--json").stdout)
    with Database.open_readonly(Path("thalweg-runs", "runs.db")) as database:
        result = SweepResult.from_json(load_result(database, "sweep-0001")[1])
    assert Config.from_json(trained["config"]) == result.best


@pytest.mark.parametrize("verb", [["sweep", *SMALL], ["compare", "--trials=1", "--seeds=1"]])
def test_a_problem_that_cannot_be_trained_is_found_before_the_store_is_touched(
    verb: list[str], thalweg: Thalweg, blobs: Blobs, tmp_path: Path
) -> None:
    bad = "problem = tw.Problem(**{**settings, 'model': lambda: nn.Linear(5, 3)})"
    said = thalweg(verb[0], blobs(bad), *verb[1:])
    assert (said.returncode, said.stdout) == (1, "")
    assert "The model cannot take the input" in said.stderr
    assert not (tmp_path / "thalweg-runs").exists()


def test_a_preset_and_what_goes_before_it(thalweg: Thalweg, blobs: Blobs) -> None:
    typed = ["-o", "sgd", "--preset=deepobs", "--seeds=1", "--epochs=1", "--threads=1", "--json"]
    found = strictly(thalweg("sweep", blobs(), *typed).stdout)
    assert (found["sampler"], len(found["trials"]), found["seeds"]) == ("grid", 36, [1])
    assert found["trials"][0]["values"]["lr"] == 1e-5


@pytest.mark.parametrize("short", [[], ["--range-test"]])
def test_the_page_goes_where_it_is_told_or_nothing_starts(
    short: list[str], thalweg: Thalweg, blobs: Blobs, tmp_path: Path
) -> None:
    typed = [*(short or SMALL), "-o", "sgd", "--threads", "1"]
    said = thalweg("sweep", blobs(), *typed, "--out", "mine.html")
    assert str(tmp_path / "mine.html") in said.stdout.splitlines()
    assert (tmp_path / "mine.html").read_text("utf-8").startswith("<!doctype html>")
    refused = thalweg("sweep", blobs(), *typed, "--out", "absent/mine.html", "--store", "other.db")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "cannot be written" in refused.stderr
    assert not (tmp_path / "other.db").exists()


def test_the_range_test(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("sweep", blobs(), "-o", "sgd", "--range-test", "--lr=1e-4:100", "--threads=1", "--json")
    found = strictly(said.stdout)
    assert (said.returncode, found["optimizer"], found["rates"][0]) == (0, "sgd", 1e-4)
    assert 1e-4 < found["suggestion"] < 100
    sizes = [["--batch-size=45"], ["--set", "batch_size=45"]]
    typed = ["-o", "sgd", "--range-test", "--lr=1e-4:100", "--threads=1", "--json"]
    one, other = (strictly(thalweg("sweep", blobs(), *typed, *size).stdout)["losses"] for size in sizes)
    assert one == other != found["losses"]
    nothing = thalweg("sweep", blobs(), "-o", "sgd", "--range-test", "--lr=1e10:1e12", "--threads=1")
    assert nothing.returncode == 1
    assert "No suggestion" in nothing.stdout


def test_what_is_recommended_is_verified_once_the_page_is_written(
    thalweg: Thalweg, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def certify(problem: Problem, config: Config, curve: Sequence[Epoch], *, together: bool) -> str:
        assert curve
        return f"verified after the page: {(tmp_path / 'report.html').exists()}, {together}"

    monkeypatch.setattr("thalweg.execute.certificate.certify", certify)
    refused = thalweg("sweep", blobs(), "--lr=1e-7:1e-5", "--trials=4", "--seeds=2", "--threads=1", "--verify")
    assert (refused.returncode, "verified" in refused.stdout) == (1, False)
    (tmp_path / "report.html").unlink()
    typed = ["sweep", blobs(), *SMALL, "--verify"]
    assert "verified after the page: True, True" in thalweg(*typed, "--executor=batched").stdout
    alone = thalweg(*typed, "--executor=sequential").stdout.splitlines()
    assert "nothing to verify: no run was trained in a cohort (--executor batched)" in alone
    never = thalweg(*typed, "--executor=batched", "--sampling=hard").stdout.splitlines()
    assert "nothing to verify: a setting like the best is trained alone, never in a cohort" in never


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["--lr=0:1"], "goes through zero"),
        (["--lr=1:0.1"], "holds no values"),
        (["--set", "momentm=0.5:0.9", "-o", "momentum"], "did you mean 'momentum'"),
        (["--set", "beta1=0.5:1.0"], "out of its range"),
        (["--set", "beta1"], "cannot be read"),
        (["-o", "adma"], "did you mean 'adam'"),
        (["--sampler=tpee"], "did you mean 'tpe'"),
        (["--preset=deep"], "deepobs"),
        (["--space=none.py:space"], "There is no Python file"),
        (["--trials=0"], "not positive"),
        (["--lr=0.1"], "nothing to search"),
        (["--range-test", "--set", "beta1=0.5:0.9"], "nothing else"),
    ],
)
def test_a_slip_is_an_error_of_a_few_lines(typed: list[str], says: str, thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("sweep", blobs(), *typed)
    assert (said.returncode, said.stdout) == (1, "")
    assert says in said.stderr
    assert "Traceback" not in said.stderr
    assert len(said.stderr.splitlines()) <= 4
