"""The bar counts epochs, fits its line and keeps out of files."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from thalweg.cli.progress import ProgressBar
from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, Notice, RunEnded, RunStarted
from thalweg.core.run import Epoch, Outcome, Run

NAME = "rmsprop-nesterov/trial-15"


def start(bar: ProgressBar, *, epochs: int, done: int = 0, name: str = NAME) -> None:
    bar(RunStarted(run_id=name, problem="p", config=Config(), total_epochs=epochs, resumed_at=done))


def advance(bar: ProgressBar, epochs: int) -> None:
    for number in range(epochs):
        epoch = Epoch(number=number + 1, step=1, seconds=0.1, lr=0.1, train_loss=1.0, valid={})
        bar(EpochEnded(run_id=NAME, epoch=epoch))


def end(bar: ProgressBar) -> None:
    run = Run(problem="p", config=Config(), outcome=Outcome.COMPLETED, epochs=(), valid={})
    bar(RunEnded(run_id=NAME, run=run))


def counted(bar: ProgressBar) -> tuple[float, float | None]:
    (task,) = bar._bar.tasks
    return task.completed, task.total


def test_one_unit_an_epoch_and_what_a_run_leaves_undone_at_once() -> None:
    bar = ProgressBar(3)
    start(bar, epochs=10)
    advance(bar, 10)
    end(bar)
    assert counted(bar) == (10, 30)
    start(bar, epochs=10)
    advance(bar, 4)
    end(bar)
    assert counted(bar) == (20, 30)
    start(bar, epochs=10)
    advance(bar, 10)
    end(bar)
    assert counted(bar) == (30, 30)
    assert bar._bar.finished


def test_another_problem_may_have_other_epochs() -> None:
    bar = ProgressBar(2)
    start(bar, epochs=10)
    advance(bar, 10)
    end(bar)
    start(bar, epochs=4)
    assert counted(bar) == (10, 14)
    advance(bar, 4)
    end(bar)
    assert bar._bar.finished


def test_a_run_that_goes_on_begins_where_it_was() -> None:
    bar = ProgressBar(1)
    start(bar, epochs=10, done=7)
    assert counted(bar) == (7, 10)
    advance(bar, 3)
    end(bar)
    assert counted(bar) == (10, 10)


def test_a_run_that_begins_anew_has_lost_what_it_had_done() -> None:
    bar = ProgressBar(2)
    start(bar, epochs=10)
    advance(bar, 4)
    start(bar, epochs=10)
    assert counted(bar) == (0, 20)
    advance(bar, 10)
    end(bar)
    assert counted(bar) == (10, 20)


def test_the_line_says_what_runs_and_fits_80_columns() -> None:
    bar = ProgressBar(208)
    start(bar, epochs=20)
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(bar._bar.get_renderable())
    (line,) = console.export_text().splitlines()
    assert len(line) <= 80
    assert NAME in line
    assert "run 1 of 208" in line
    assert "left:" in line


def test_before_the_first_run_it_gets_ready() -> None:
    bar = ProgressBar(208)
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(bar._bar.get_renderable())
    assert console.export_text().startswith("getting ready")
    start(bar, epochs=20)
    assert "getting ready" not in bar._bar.tasks[0].description


@pytest.mark.parametrize(
    ("terminal", "shown", "drawn"), [("1", True, True), ("1", False, False), ("", True, False)]
)
def test_it_draws_on_terminals_only(
    terminal: str,
    shown: bool,
    drawn: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", terminal)
    with ProgressBar(2, shown=shown) as bar:
        start(bar, epochs=2)
        advance(bar, 2)
        end(bar)
    out, err = capsys.readouterr()
    assert out == ""
    assert (NAME in err, err == "") == (drawn, not drawn)


def test_a_single_run_shows_its_losses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with ProgressBar(1) as bar:
        start(bar, epochs=2)
        advance(bar, 2)
    assert "epoch 2: train loss" in capsys.readouterr().err


def test_notices_are_printed_once_whether_a_bar_is_drawn_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    for shown in (True, False):
        with ProgressBar(1, shown=shown) as bar:
            for _ in range(2):
                bar(Notice(run_id="a", text="5 members do not fit in memory: 3 are trained at a time"))
        found = capsys.readouterr()
        assert found.out == ""
        assert found.err.count("note: 5 members do not fit in memory: 3 are trained at a time\n") == 1
