"""`thalweg compare`: the table, the page, the store, and one JSON object."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thalweg.compare.result import Comparison
from thalweg.optim import optimizers
from thalweg.store import Database, load_result, runs, studies

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

SMALL = ["--optimizers", "sgd, adam", "--trials", "2", "--seeds", "3"]


def strictly(text: str) -> dict[str, Any]:
    """Read one JSON object as a strict reader does: nothing around it, no NaN in it."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_it_prints_writes_and_keeps(thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    said = thalweg("compare", blobs(), *SMALL)
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    assert {"sgd", "adam"} <= {word for line in lines for word in line.split()}
    assert str(tmp_path / "report.html") in lines
    assert "kept as compare-0001 in thalweg-runs/runs.db" in lines
    assert "blobs" in (tmp_path / "report.html").read_text("utf-8")
    with Database.open_readonly(tmp_path / "thalweg-runs" / "runs.db") as database:
        (study,) = studies(database)
        assert (study.status, study.runs, study.ended, study.problem) == ("finished", 10, 10, "blobs")
        assert study.command == "thalweg compare mine.py:problem --optimizers 'sgd, adam' --trials 2 --seeds 3"
        result = Comparison.from_json(load_result(database, study.id)[1])
        assert result.environment.command == study.command
        assert len(runs(database, study.id)) == len(result.trials) + len(result.finals)


def test_json_is_one_strict_object_with_the_promised_keys(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("compare", blobs(), *SMALL, "--json")
    assert (said.returncode, said.stderr) == (0, "")
    found = strictly(said.stdout)
    assert found["format"] == 1
    assert (found["problem"], found["metric"], found["seeds"]) == ("blobs", "accuracy", [1, 2, 3])
    assert (len(found["trials"]), len(found["finals"]), len(found["pairs"])) == (4, 6, 1)
    for row in found["ranking"]:
        assert row["test"]["low"] <= row["test"]["mean"] <= row["test"]["high"]
        assert row.keys() >= {"optimizer", "config", "valid", "steps_to_target", "seconds", "edge_of_range"}
    assert {row["optimizer"] for row in found["ranking"]} == {"sgd", "adam"}


def test_a_diverged_run_and_a_single_seed_are_strict_json_too(thalweg: Thalweg, blobs: Blobs) -> None:
    wild = "x[:] = 1e18 * x; problem = tw.Problem(**settings)"
    found = strictly(
        thalweg("compare", blobs(wild), "-o", "sgd", "--trials", "2", "--seeds", "1", "--json").stdout
    )
    assert "diverged" in {run["outcome"] for run in found["trials"]}
    assert found["ranking"][0]["test"]["low"] is None


def test_as_a_process_standard_output_holds_nothing_but_the_object(process: Thalweg) -> None:
    said = process(
        "compare", "digits/logistic", "-o", "sgd", "--trials", "1", "--seeds", "1", "--epochs=1", "--json"
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert strictly(said.stdout)["problem"] == "digits/logistic"


def test_what_all_runs_share_can_be_set(thalweg: Thalweg, blobs: Blobs) -> None:
    shared = ["--epochs=3", "--batch-size=30", "--set", "weight_decay=0.01", "--schedule=step", "--threads=1"]
    said = thalweg("compare", blobs(), *SMALL, *shared, "--schedule-set", "every=1", "--json")
    found = strictly(said.stdout)
    assert found["environment"]["threads"] == 1
    for run in (*found["trials"], *found["finals"]):
        assert (len(run["epochs"]), run["steps"], run["config"]["hyper"]["weight_decay"]) == (3, 9, 0.01)
        assert run["epochs"][2]["lr"] == pytest.approx(run["config"]["hyper"]["lr"] / 100)


@pytest.mark.parametrize(
    "name", ["[red] plot.html", "a name so long that eighty columns cannot hold all of it.html"]
)
def test_the_path_of_the_page_is_printed_whole(name: str, thalweg: Thalweg, blobs: Blobs, tmp_path: Path) -> None:
    said = thalweg("compare", blobs(), "-o", "sgd", "--trials", "1", "--seeds", "1", "--out", name)
    assert str(tmp_path / name) in said.stdout.splitlines()
    assert (tmp_path / name).is_file()


def test_a_class_in_a_file_is_compared(
    thalweg: Thalweg, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizers, "_entries", dict(optimizers._entries))
    (tmp_path / "own.py").write_text("import torch\nclass Mine(torch.optim.SGD): pass\n", "utf-8")
    given = ["compare", blobs(), "-o", "sgd,own.py:Mine", "--trials=2", "--seeds=1"]
    assert "--search own.Mine=1e-4:1" in thalweg(*given).stderr
    for name in ("own.py:Mine", "own.Mine"):
        said = thalweg(*given, "--search", f"{name}=0.01:0.1", "--executor=processes", "--threads=1", "--json")
        assert (said.returncode, said.stderr) == (0, "")
        rates = [
            run["config"]["hyper"]["lr"]
            for run in strictly(said.stdout)["trials"]
            if run["config"]["optimizer"] == "own.Mine"
        ]
        assert len(rates) == 2
        assert all(0.01 <= rate <= 0.1 for rate in rates)


def test_without_a_test_split_it_says_so(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("compare", blobs("settings.pop('test'); problem = tw.Problem(**settings)"), *SMALL)
    assert said.returncode == 0
    assert "no test split" in " ".join(said.stdout.split())


def test_several_problems_give_one_study_one_page_and_one_object(
    thalweg: Thalweg, blobs: Blobs, tmp_path: Path
) -> None:
    more = blobs("problem = tw.Problem(**settings | {'name': 'other', 'epochs': 3})", "other.py")
    said = thalweg("compare", blobs(), more, *SMALL)
    assert (said.returncode, said.stderr) == (0, "")
    flat = " ".join(said.stdout.split())
    assert "A profile of 2 problems moves in steps of 1/2" in flat
    assert "other: trained on" in flat
    with Database.open_readonly(tmp_path / "thalweg-runs" / "runs.db") as database:
        (study,) = studies(database)
        assert (study.status, study.runs, study.ended, study.problem) == ("finished", 20, 20, "blobs, other")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert thalweg("report", "compare-0001", "--out", "again.html").returncode == 0
    assert (tmp_path / "again.html").read_text("utf-8") == page
    assert thalweg("report", "compare-0001/other/adam/seed-1", "--out", "run.html").returncode == 0
    found = strictly(thalweg("compare", blobs(), more, *SMALL, "--json").stdout)
    assert (found["format"], found["problems"], len(found["comparisons"])) == (1, ["blobs", "other"], 2)
    assert {row["cost"] for row in found["profiles"]} == {"updates", "seconds"}
