"""An open store, and events to put into it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from thalweg.core.config import Config
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.store import Database

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made."""
    return tmp_path / "runs.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """A new, open store."""
    with Database.open(path) as database:
        yield database


@pytest.fixture
def make_epoch() -> Callable[[int], Epoch]:
    """Epochs with a number; the third one's loss is NaN."""

    def epoch(number: int) -> Epoch:
        loss = float("nan") if number == 3 else 1 / (number + 1)
        valid = {"loss": loss, "accuracy": 0.1 * number}
        return Epoch(number=number, step=20 * number, seconds=0.5 * number, lr=0.1, train_loss=loss, valid=valid)

    return epoch


@pytest.fixture
def make_run(make_epoch: Callable[[int], Epoch]) -> Callable[[int], Run]:
    """Completed runs with a number of epochs."""

    def run(epochs: int) -> Run:
        curve = tuple(make_epoch(number) for number in range(1, epochs + 1))
        return Run(
            problem="digits/mlp-1",
            config=Config(optimizer="adam", hyper={"lr": 0.1}),
            outcome=Outcome.COMPLETED,
            epochs=curve,
            valid=curve[-1].valid,
            steps=20 * epochs,
            seconds=0.5 * epochs,
            best_epoch=epochs,
        )

    return run


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user of this machine can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder read-only for a while, even where the tests run as root (whom modes do not stop)."""
    user = os.geteuid()
    folder.chmod(0o555)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


@pytest.fixture(name="locked")
def give_locked() -> Callable[[Path], AbstractContextManager[None]]:
    """`locked`, for tests: they cannot import a conftest."""
    return locked
