"""A study is in the store however its command ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from thalweg.cli.record import record, typed
from thalweg.core.config import Config
from thalweg.core.errors import StoreError
from thalweg.core.events import RunStarted
from thalweg.store import Database, load_result, studies


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a store may be made, by a command with a path that needs quotes."""
    monkeypatch.setattr(sys, "argv", ["thalweg", "fit", "my file.py:problem", "--set", "rho=0.9"])
    return tmp_path / "runs.db"


def statuses(store: Path) -> list[str]:
    with Database.open_readonly(store) as database:
        return [study.status for study in studies(database)]


@pytest.mark.usefixtures("store")
def test_the_command_can_be_pasted_back() -> None:
    assert typed() == "thalweg fit 'my file.py:problem' --set rho=0.9"


def test_a_result_finishes_the_study(store: Path) -> None:
    with record(store, "fit", "mine") as kept:
        kept.result, kept.complete = {"accuracy": 0.9}, True
        assert statuses(store) == ["running"]
    assert statuses(store) == ["finished"]
    with Database.open_readonly(store) as database:
        assert load_result(database, kept.name) == ("fit", {"accuracy": 0.9})
        assert studies(database)[0].command == typed()


def test_half_a_result_is_kept_as_interrupted(store: Path) -> None:
    with record(store, "compare", "mine") as kept:
        kept.result = {"trials": 3}
    assert statuses(store) == ["interrupted"]
    with Database.open_readonly(store) as database:
        assert load_result(database, "compare-0001") == ("compare", {"trials": 3})


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_interrupts_the_study_and_keeps_its_runs(error: type[BaseException], store: Path) -> None:
    def fail() -> None:
        with record(store, "fit", "mine") as kept:
            kept.sink(RunStarted(run_id="run", problem="mine", config=Config(), total_epochs=2))
            raise error

    with pytest.raises(error):
        fail()
    assert statuses(store) == ["interrupted"]
    with Database.open_readonly(store) as database:
        assert (studies(database)[0].runs, studies(database)[0].ended) == (1, 0)
        with pytest.raises(StoreError, match="no result"):
            load_result(database, "fit-0001")
