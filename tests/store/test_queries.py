"""Counts, order and unknown ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thalweg.core.config import Config
from thalweg.core.errors import UnknownNameError
from thalweg.core.events import RunEnded, RunStarted
from thalweg.core.run import Run
from thalweg.store import Database, load_result, load_run, runs, studies


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


@pytest.mark.parametrize("ask", [runs, load_result])
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
