"""Events that went into the sink come out of the queries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from thalweg.core.config import Config
from thalweg.core.errors import StoreError
from thalweg.core.events import EpochEnded, Event, Found, Measured, RunEnded, RunStarted, Several, Sink
from thalweg.core.finding import Finding, Severity
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.store import Database, Study, findings_of, load_run, points_of, runs

MakeEpoch = Callable[[int], Epoch]
CONFIG = Config(optimizer="adam", hyper={"lr": 0.1})


@pytest.fixture
def study(database: Database) -> Study:
    return database.start_study("fit", "digits/mlp-1", "thalweg fit digits/mlp-1")


@pytest.fixture
def sink(database: Database, study: Study) -> Sink:
    return database.sink(study)


def started(run_id: str = "a", resumed_at: int = 0) -> RunStarted:
    return RunStarted(run_id=run_id, problem="digits/mlp-1", config=CONFIG, total_epochs=5, resumed_at=resumed_at)


def numbers(run: Run) -> list[int]:
    return [epoch.number for epoch in run.epochs]


def test_a_whole_run_comes_back_as_it_was(database: Database, sink: Sink, make_run: Callable[[int], Run]) -> None:
    run = make_run(5)
    sink(started())
    for epoch in run.epochs:
        sink(EpochEnded(run_id="a", epoch=epoch))
    sink(RunEnded(run_id="a", run=run))
    again = load_run(database, "fit-0001/a")
    assert repr(again) == repr(run)  # not ==: the third loss is NaN
    assert [(row.id, row.outcome, row.epochs) for row in runs(database, "fit-0001")] == [
        ("fit-0001/a", Outcome.COMPLETED, 5)
    ]


def test_an_unfinished_run_is_interrupted_with_its_curve(
    database: Database, sink: Sink, make_epoch: MakeEpoch
) -> None:
    sink(started())
    assert load_run(database, "fit-0001/a").epochs == ()
    for number in (1, 2, 3):
        sink(EpochEnded(run_id="a", epoch=make_epoch(number)))
    run = load_run(database, "fit-0001/a")
    assert run.outcome is Outcome.INTERRUPTED
    assert repr(run.epochs) == repr(tuple(map(make_epoch, (1, 2, 3))))
    assert (run.config, run.steps, run.seconds, run.best_epoch) == (CONFIG, 60, 1.5, 3)
    assert "3 of 5" in run.message
    assert runs(database, "fit-0001")[0].outcome is None


def test_every_event_is_committed_when_the_sink_returns(path: Path, sink: Sink, make_epoch: MakeEpoch) -> None:
    sink(started())
    for number in range(1, 6):
        sink(EpochEnded(run_id="a", epoch=make_epoch(number)))
        with Database.open_readonly(path) as reader:
            assert numbers(load_run(reader, "fit-0001/a"))[-1] == number


def test_a_resumed_run_keeps_the_epochs_before_its_checkpoint(
    database: Database, sink: Sink, make_epoch: MakeEpoch
) -> None:
    sink(started())
    for number in (1, 2, 3):
        sink(EpochEnded(run_id="a", epoch=make_epoch(number)))
    sink(started(resumed_at=2))
    assert numbers(load_run(database, "fit-0001/a")) == [1, 2]
    sink(EpochEnded(run_id="a", epoch=make_epoch(3)))
    assert numbers(load_run(database, "fit-0001/a")) == [1, 2, 3]
    sink(started())
    assert numbers(load_run(database, "fit-0001/a")) == []


def test_studies_do_not_mix_their_runs(database: Database, sink: Sink, make_epoch: MakeEpoch) -> None:
    other = database.sink(database.start_study("compare", "digits/mlp-1", "thalweg compare digits/mlp-1"))
    for hear, number in ((sink, 1), (other, 2)):
        hear(started())
        hear(EpochEnded(run_id="a", epoch=make_epoch(number)))
    assert numbers(load_run(database, "fit-0001/a")) == [1]
    assert numbers(load_run(database, "compare-0002/a")) == [2]


def test_events_of_other_kinds_are_let_pass(database: Database, sink: Sink) -> None:
    sink(Event(run_id="a"))
    assert runs(database, "fit-0001") == []


def several(*events: Event) -> Several:
    return Several(run_id=events[0].run_id, events=events)


def test_several_events_are_told_as_if_one_by_one(
    database: Database, sink: Sink, make_run: Callable[[int], Run]
) -> None:
    run = make_run(2)
    sink(several(started("a"), Event(run_id="a"), started("b")))
    sink(several(*(EpochEnded(run_id=name, epoch=epoch) for epoch in run.epochs for name in "ab")))
    sink(several(RunEnded(run_id="a", run=run)))
    assert load_run(database, "fit-0001/a") == run
    assert numbers(load_run(database, "fit-0001/b")) == [1, 2]
    assert [row.outcome for row in runs(database, "fit-0001")] == [Outcome.COMPLETED, None]


def test_several_events_are_one_transaction(path: Path, database: Database, sink: Sink) -> None:
    statements: list[str] = []
    with database.writing() as connection:
        connection.set_trace_callback(statements.append)
    statements.clear()
    sink(several(*(started(name) for name in "abc")))
    assert [statements.count(word) for word in ("BEGIN IMMEDIATE", "COMMIT")] == [1, 1]
    with Database.open_readonly(path) as reader:
        assert len(runs(reader, "fit-0001")) == 3


def test_of_several_events_none_is_written_if_one_is_refused(
    database: Database, sink: Sink, make_epoch: MakeEpoch
) -> None:
    with pytest.raises(StoreError, match="run store failed"):
        sink(several(started("a"), EpochEnded(run_id="nobody", epoch=make_epoch(1)), started("b")))
    assert runs(database, "fit-0001") == []
    sink(several(started("a")))
    assert [row.id for row in runs(database, "fit-0001")] == ["fit-0001/a"]


def test_an_epoch_of_no_run_is_refused(database: Database, sink: Sink, make_epoch: MakeEpoch) -> None:
    with pytest.raises(StoreError, match="run store failed"):
        sink(EpochEnded(run_id="nobody", epoch=make_epoch(1)))
    assert database.rows("SELECT * FROM epoch") == []


def test_the_end_of_no_run_is_a_bug(sink: Sink, make_run: Callable[[int], Run]) -> None:
    with pytest.raises(AssertionError, match="never started"):
        sink(RunEnded(run_id="nobody", run=make_run(1)))


def test_quantities_and_findings_of_a_loop_come_back_as_they_were(database: Database, sink: Sink) -> None:
    first, second = {"loss": 0.1, "spread/fc1": 2.0**-1074}, {"loss": float("inf")}
    finding = Finding(fault="zero_grad", severity=Severity.ERROR, where="loop", evidence="e", remedy="r")
    sink(started())
    sink(Several(run_id="a", events=(Measured(run_id="a", step=0, numbers=first),)))
    for step in (10, 20):
        sink(Measured(run_id="a", step=step, numbers=second))
    sink(Found(run_id="a", number=1, finding=finding))
    assert points_of(database, "fit-0001/a") == [(0, first), (10, second), (20, second)]
    assert findings_of(database, "fit-0001/a") == [finding]
    assert len(database.rows("SELECT id FROM quantities")) == 2


def test_names_that_were_rolled_back_are_written_again(database: Database, sink: Sink) -> None:
    sink(started())
    point = Measured(run_id="a", step=0, numbers={"loss": 1.0})
    lost = RunEnded(run_id="unknown", run=Run.of_curve([], problem="p", config=CONFIG, outcome=Outcome.COMPLETED))
    with pytest.raises(AssertionError, match="never started"):
        sink(Several(run_id="a", events=(point, lost)))
    sink(point)
    assert points_of(database, "fit-0001/a") == [(0, {"loss": 1.0})]
