"""Processes: the same runs as in one process, bit for bit; who dies takes only what it had in memory along."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.config import Config
from thalweg.core.errors import InputError, ThalwegError, WorkerError
from thalweg.core.events import EpochEnded, Event, RunEnded, RunStarted, tee
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute import Job, Memory, processes, sequential
from thalweg.problems import Problem
from thalweg.store import Database, ended_runs

PARENT = os.getpid()


def toy(**changed: Any) -> Problem:
    y = torch.arange(60) % 3
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)) + 2 * torch.eye(3, 4)[y]
    given = {"name": "toy", "model": lambda: nn.Linear(4, 3), "loss": nn.CrossEntropyLoss(), "epochs": 4}
    splits = {"train": (x[:40], y[:40]), "valid": (x[40:50], y[40:50]), "test": (x[50:], y[50:])}
    return Problem(**{**given, "batch_size": 8, **splits, **changed})


def noisy() -> Problem:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.layers(x)

    return toy(name="noisy", model=Net)


def bare(runs: Sequence[Run]) -> list[str]:
    """All of the runs but seconds and places, as text: NaN is not equal to itself."""
    timeless = [tuple(dataclasses.replace(epoch, seconds=0) for epoch in run.epochs) for run in runs]
    return [
        repr(dataclasses.replace(run, seconds=0, checkpoint=None, epochs=epochs))
        for run, epochs in zip(runs, timeless, strict=True)
    ]


class Half:
    """A gate that ends the worse half, by validation loss, after one epoch and after two."""

    stops = (1, 2, 9)

    def losers(self, stop: int, curves: Mapping[str, Sequence[Epoch]], broken: Set[str]) -> set[str]:
        ranked = sorted(curves, key=lambda run_id: curves[run_id][-1].valid["loss"])
        return set(ranked[(len(ranked) + 1) // 2 :])


def plan() -> list[Job]:
    """Jobs on two problems, one that diverges and one that stops early among them."""
    first, second = toy(), noisy()
    settings = [("momentum", 0.1), ("adam", 0.01), ("nesterov", 0.05), ("sgd", 1e6), ("rmsprop", 0.003)]
    jobs = [
        Job(f"{problem.name}-{name}", problem, Config(optimizer=name, hyper={"lr": lr}, seed=i), test=i % 2 == 0)
        for problem in (first, second)
        for i, (name, lr) in enumerate(settings)
    ]
    early = Config(optimizer="sgd", hyper={"lr": 1e-9}, patience=2, epochs=9, schedule="exponential")
    return [*jobs, Job("early", second, early, test=True)]


def told(heard: Sequence[Event], run_id: str) -> list[str]:
    """What one run told, as text, but for the seconds."""
    own = [event for event in heard if event.run_id == run_id]
    curve = [dataclasses.replace(event.epoch, seconds=0) for event in own if isinstance(event, EpochEnded)]
    ended = bare([event.run for event in own if isinstance(event, RunEnded)])
    return [*(type(event).__name__ for event in own), repr(own[0]), repr(curve), *ended]


def test_the_runs_and_events_are_those_of_one_process(tmp_path: Path) -> None:
    jobs, here, there = plan(), list[Event](), list[Event]()
    known = {"toy-adam": sequential([jobs[1]])[0]}
    expected = sequential(jobs, here.append, gate=Half(), memory=Memory(tmp_path / "here", known))
    memory = Memory(tmp_path / "there", known)
    runs = processes(jobs, there.append, gate=Half(), memory=memory, workers=2)
    assert {run.outcome for run in runs} >= {Outcome.COMPLETED, Outcome.PRUNED, Outcome.DIVERGED}
    assert sum(run.test is not None for run in runs) > 1
    assert bare(runs) == bare(expected)
    assert [run.checkpoint for run in runs] == [None] * len(runs)
    begun = {event.run_id for event in here}
    assert begun == {event.run_id for event in there} == {job.run_id for job in jobs} - {*known}
    assert {run_id: told(there, run_id) for run_id in begun} == {run_id: told(here, run_id) for run_id in begun}
    assert [*memory.folder.iterdir()] == []


def deadly_after(calls: int) -> Problem:
    """One whose training kills its process at some update; at none, the making of its model does."""

    def loss(output: Tensor, target: Tensor) -> Tensor:
        loss.calls += output.requires_grad  # type: ignore[attr-defined]
        if loss.calls == calls:  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGKILL)
        return functional.cross_entropy(output, target)

    def model() -> nn.Module:
        if calls == 0 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return nn.Linear(4, 3)

    parent = PARENT
    loss.calls = 0  # type: ignore[attr-defined]
    return toy(name=f"deadly-{calls}", model=model, loss=loss)


def press_ctrl_c(event: Event) -> None:
    """Interrupt a run at the end of its first epoch."""
    if isinstance(event, EpochEnded):
        raise KeyboardInterrupt


def test_a_worker_that_is_killed_costs_no_run_but_its_own(tmp_path: Path) -> None:
    sound, config, heard = toy(), Config(hyper={"lr": 0.1}), list[Event]()
    problems = {"a": sound, "mid": deadly_after(8), "b": sound, "new": deadly_after(0), "c": sound}
    jobs = [Job(run_id, problem, config) for run_id, problem in problems.items()]
    sequential([Job("mid", toy(name="deadly-8"), config)], press_ctrl_c, memory=Memory(tmp_path / "memory"))
    with Database.open(tmp_path / "runs.db") as database:
        study = database.start_study("sweep", "toy", "thalweg sweep toy")
        sink = tee(database.sink(study), heard.append)
        runs = processes(jobs, sink, memory=Memory(tmp_path / "memory"), workers=1)
        assert bare([*ended_runs(database, study.id).values()]) == bare(runs)
    (fine,) = bare(sequential([jobs[0]]))
    assert [text == fine for text in bare(runs)] == [True, False, True, False, True]
    killed = "the process that trained it was ended by SIGKILL, as by a machine that runs out of memory after"
    mid, new = runs[1], runs[3]
    assert (mid.outcome, mid.message) == (Outcome.FAILED, f"{killed} 2 of 4 epochs")
    assert (len(mid.epochs), mid.steps, mid.best_epoch, mid.valid) == (2, 10, 2, mid.epochs[-1].valid)
    assert (new.outcome, new.message, new.epochs) == (Outcome.FAILED, f"{killed} 0 of 4 epochs", ())
    assert [event.resumed_at for event in heard if isinstance(event, RunStarted)] == [0, 1, 0, 0, 0]
    assert (new.config.epochs, new.config.batch_size) == (4, 8)
    assert [*(tmp_path / "memory").iterdir()] == []


class Stuck:
    """What ends the process that rebuilds it."""

    def __reduce__(self) -> Any:
        return os._exit, (3,)

    def __call__(self) -> nn.Module:
        return nn.Linear(4, 3)


class Absent:
    """What ends the process that rebuilds it once a file is there."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __setstate__(self, state: Any) -> None:
        self.__dict__ = state
        if self.file.exists():
            os._exit(4)

    def __call__(self) -> nn.Module:
        return nn.Linear(4, 3)


def test_a_worker_that_dies_before_it_begins_fails_no_run() -> None:
    heard: list[Event] = []
    with pytest.raises(WorkerError, match="died before it began a run") as caught:
        processes([Job(name, toy(model=Stuck()), Config()) for name in "ab"], heard.append, workers=1)
    assert caught.value.got == "it ended by itself, with exit code 3"
    assert heard == []


def test_what_a_dead_workers_successor_cannot_begin_is_no_failed_run(tmp_path: Path) -> None:
    """The first worker is killed in its first run; the second finds what it needs gone."""
    heard, gone = list[Event](), tmp_path / "gone"

    def sink(event: Event) -> None:
        heard.append(event)
        gone.touch()

    problem = toy(model=Absent(gone), loss=deadly_after(8).loss)
    jobs = [Job(name, problem, Config(hyper={"lr": 0.1})) for name in "ab"]
    with pytest.raises(WorkerError):
        processes(jobs, sink, workers=1)
    ended = {event.run_id: event.run.outcome for event in heard if isinstance(event, RunEnded)}
    assert ended == {"a": Outcome.FAILED}


def test_an_error_of_the_setting_is_raised_here() -> None:
    with pytest.raises(InputError, match="no optimizer named 'adma'") as caught:
        processes([Job("a", toy(), Config(optimizer="adma"))])
    assert isinstance(caught.value, ThalwegError)
    assert "In a worker process" in caught.value.__notes__[0]


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def sigint() -> Iterator[None]:
    """Ctrl-C as a terminal has it; a shell that runs this in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("sigint")
def test_ctrl_c_ends_the_workers_and_keeps_what_had_ended(tmp_path: Path) -> None:
    def loss(output: Tensor, target: Tensor) -> Tensor:
        (folder / str(os.getpid())).touch()
        return functional.cross_entropy(output, target)

    def sink(event: Event) -> None:
        heard.append(event)
        epochs = [event.run_id for event in heard if isinstance(event, EpochEnded)]
        if {"long", "other"} <= {*epochs} and isinstance(event, EpochEnded) and not pressed:
            pressed.append(Timer(0.1, os.kill, (PARENT, signal.SIGINT)))
            pressed[0].start()

    folder, heard, pressed = tmp_path, list[Event](), list[Timer]()
    problem, best = toy(loss=loss), Config(epochs=100_000, hyper={"lr": 1e-6}, keep="best")
    configs = {"short": Config(epochs=1), "other": best, "long": best, "never": Config(), "nor this": Config()}
    runs = processes([Job(run_id, problem, config) for run_id, config in configs.items()], sink, workers=2)
    assert [(run.outcome, len(run.epochs)) for run in runs] == [(Outcome.COMPLETED, 1)]
    ended = {event.run_id: event.run for event in heard if isinstance(event, RunEnded)}
    assert {*ended} == {"short", "other", "long"}
    for run_id in ("other", "long"):
        run, told = ended[run_id], [e.epoch for e in heard if isinstance(e, EpochEnded) and e.run_id == run_id]
        assert (run.outcome, run.epochs) == (Outcome.INTERRUPTED, tuple(told))
        assert run.message == f"interrupted after {len(told)} of 100000 epochs"
        assert run.valid == told[run.best_epoch - 1].valid
    assert len([*tmp_path.iterdir()]) == 2
    assert not any(alive(int(path.name)) for path in tmp_path.iterdir())


def test_no_worker_is_an_error() -> None:
    with pytest.raises(InputError, match="number of workers is not positive"):
        processes([], workers=0)
    assert processes([]) == []
