"""Counts, order and unknown ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from thalweg.core.config import Config
from thalweg.core.errors import StoreError, UnknownNameError
from thalweg.core.events import RunEnded, RunStarted
from thalweg.core.run import Outcome, Run
from thalweg.store import Database, ended_runs, load_result, load_run, load_spec, runs, studies


@pytest.fixture
def filled(database: Database, make_run: Callable[[int], Run]) -> Database:
    """A study of twelve runs, the last one unfinished, and an empty study."""
    study = database.start_study("compare", "digits/mlp-1", "thalweg compare digits/mlp-1")
    sink = database.sink(study)
    for k in range(12):
        sink(RunStarted(run_id=f"adam-{k}", problem="digits/mlp-1", config=Config(seed=k), total_epochs=2))
        if k < 11:
            sink(RunEnded(run_id=f"adam-{k}", run=make_run(2)))
    database.start_study("fit", "digits/mlp-1", "thalweg fit digits/mlp-1")
    return database


def test_studies_count_their_runs(filled: Database) -> None:
    assert [(row.id, row.kind, row.runs, row.ended) for row in studies(filled)] == [
        ("compare-0001", "compare", 12, 11),
        ("fit-0002", "fit", 0, 0),
    ]
    assert studies(filled)[0].command == "thalweg compare digits/mlp-1"


def test_runs_come_in_the_order_they_were_started(filled: Database) -> None:
    found = runs(filled, "compare-0001")
    assert [row.id for row in found] == [f"compare-0001/adam-{k}" for k in range(12)]
    assert [row.config.seed for row in found] == list(range(12))
    assert runs(filled, "fit-0002") == []


def test_ended_runs_are_those_that_need_not_be_done_again(
    filled: Database, make_run: Callable[[int], Run]
) -> None:
    sink = filled.sink(filled.start_study("sweep", "digits/mlp-1", "thalweg sweep digits/mlp-1"))
    outcomes = {
        "good": Outcome.COMPLETED,
        "bad": Outcome.DIVERGED,
        "cut": Outcome.INTERRUPTED,
        "out": Outcome.PRUNED,
    }
    for name, outcome in outcomes.items():
        sink(RunStarted(run_id=name, problem="digits/mlp-1", config=Config(), total_epochs=2))
        sink(RunEnded(run_id=name, run=replace(make_run(2), outcome=outcome)))
    sink(RunStarted(run_id="under way", problem="digits/mlp-1", config=Config(), total_epochs=2))
    ended = ended_runs(filled, "sweep-0003")
    assert {name: run.outcome for name, run in ended.items()} == {
        name: outcome for name, outcome in outcomes.items() if name != "cut"
    }
    assert ended["good"] == make_run(2)
    assert list(ended_runs(filled, "compare-0001")) == [f"adam-{k}" for k in range(11)]


def test_a_spec_comes_back_and_not_every_study_has_one(filled: Database) -> None:
    spec = {"space": {"lr": ["log", 1e-5, 1.0]}, "trials": 32, "best": None}
    study = filled.start_study("sweep", "digits/mlp-1", "thalweg sweep digits/mlp-1", spec)
    assert load_spec(filled, study.id) == spec
    with pytest.raises(StoreError, match="compare-0001 cannot be resumed"):
        load_spec(filled, "compare-0001")


@pytest.mark.parametrize("ask", [runs, load_result, ended_runs, load_spec])
def test_an_unknown_study_names_the_nearest(filled: Database, ask: Callable[[Database, str], object]) -> None:
    with pytest.raises(UnknownNameError, match="study named 'compare-001'") as caught:
        ask(filled, "compare-001")
    assert caught.value.nearest[0] == "compare-0001"


def test_an_unknown_run_names_a_handful(filled: Database) -> None:
    with pytest.raises(UnknownNameError, match="run named") as caught:
        load_run(filled, "compare-0001/adam-99")
    assert caught.value.nearest[0].startswith("compare-0001/adam-")
    assert str(caught.value.expected).count("adam") == 5
    with pytest.raises(UnknownNameError) as caught:
        load_run(filled, "#")
    assert caught.value.nearest == []
    assert "compare-0001/adam-11" in str(caught.value.expected)


def test_an_empty_store_knows_no_study(database: Database) -> None:
    assert studies(database) == []
    with pytest.raises(UnknownNameError, match="none is known here"):
        runs(database, "fit-0001")
