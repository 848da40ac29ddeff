"""Sequential: all jobs in order, whatever becomes of one; Ctrl-C keeps what is finished."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, Event, RunEnded, RunStarted
from thalweg.core.run import Outcome, Run
from thalweg.execute import Job, sequential
from thalweg.problems import Problem
from thalweg.train import fit

TRAIN = """
import signal
from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, RunEnded
from thalweg.execute import Job, sequential
from thalweg.problems import load

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs this in the background ignores it

def sink(event):
    if isinstance(event, EpochEnded) and event.run_id == "long" and event.epoch.number == 3:
        print("go", flush=True)
    if isinstance(event, RunEnded):
        print(event.run_id, event.run.outcome, len(event.run.epochs) >= 3, event.run.message, flush=True)

problem = load("digits/logistic")
epochs = {"short": 3, "long": 100_000, "never": 3}
runs = sequential([Job(name, problem, Config(epochs=n)) for name, n in epochs.items()], sink)
print([(len(run.epochs), str(run.outcome)) for run in runs])
"""


@pytest.fixture(scope="module")
def problem() -> Problem:
    y = torch.arange(60) % 3
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)) + 2 * torch.eye(3, 4)[y]
    splits = {"train": (x[:40], y[:40]), "valid": (x[40:50], y[40:50]), "test": (x[50:], y[50:])}
    return Problem(
        name="toy", model=lambda: nn.Linear(4, 3), loss=nn.CrossEntropyLoss(), epochs=3, batch_size=8, **splits
    )


def jobs(problem: Problem, *rates: float, test: bool = False) -> list[Job]:
    return [Job(f"job-{i}", problem, Config(hyper={"lr": lr}), test) for i, lr in enumerate(rates)]


def bare(run: Run) -> Any:
    """All of a run but the seconds."""
    return dataclasses.replace(
        run, seconds=0, epochs=tuple(dataclasses.replace(epoch, seconds=0) for epoch in run.epochs)
    )


def test_runs_come_in_order_and_are_those_of_fit(problem: Problem) -> None:
    heard: list[Event] = []
    plan = jobs(problem, 0.01, 0.1, 0.5, test=True)
    runs = sequential(plan, heard.append)
    assert [bare(run) for run in runs] == [bare(fit(problem, job.config, test=True)) for job in plan]
    assert all(run.test is not None for run in runs)
    assert [event.run_id for event in heard if isinstance(event, RunStarted)] == ["job-0", "job-1", "job-2"]
    assert [event.run for event in heard if isinstance(event, RunEnded)] == runs
    assert sequential([]) == []


def test_only_who_asks_sees_the_test_split(problem: Problem) -> None:
    (first,), (second,) = sequential(jobs(problem, 0.1)), sequential(jobs(problem, 0.1, test=True))
    assert first.test is None
    assert second.test is not None
    assert bare(first) == dataclasses.replace(bare(second), test=None)


def test_one_that_diverges_costs_no_other(problem: Problem) -> None:
    runs = sequential(jobs(problem, 0.1, 1e6, 0.1))
    assert [run.outcome for run in runs] == [Outcome.COMPLETED, Outcome.DIVERGED, Outcome.COMPLETED]
    assert bare(runs[0]) == bare(runs[2])


def test_one_that_raises_costs_no_other(problem: Problem) -> None:
    """What `nn.BCELoss` does with outputs that are NaN."""

    def strict(output: Tensor, target: Tensor) -> Tensor:
        if not output.isfinite().all():
            raise RuntimeError("all elements of input should be between 0 and 1")
        return functional.cross_entropy(output, target)

    strict_problem = dataclasses.replace(problem, loss=strict)
    heard: list[Event] = []
    runs = sequential(jobs(strict_problem, 0.1, 3e38, 0.1, test=True), heard.append)
    assert [run.outcome for run in runs] == [Outcome.COMPLETED, Outcome.FAILED, Outcome.COMPLETED]
    assert bare(runs[0]) == bare(runs[2])
    assert [event.run for event in heard if isinstance(event, RunEnded)] == runs


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        (lambda event: isinstance(event, RunStarted) and event.run_id == "job-1", 1),
        (lambda event: isinstance(event, EpochEnded) and event.run_id == "job-1", 1),
        (lambda event: isinstance(event, EpochEnded) and event.run_id == "job-0", 0),
        (lambda event: isinstance(event, RunStarted) and event.run_id == "job-2", 2),
    ],
)
def test_ctrl_c_returns_the_finished_runs_only(problem: Problem, moment: Any, kept: int) -> None:
    def sink(event: Event) -> None:
        if moment(event):
            raise KeyboardInterrupt

    plan = jobs(problem, 0.1, 0.2, 0.3)
    runs = sequential(plan, sink)
    assert [bare(run) for run in runs] == [bare(run) for run in sequential(plan[:kept])]


def test_a_real_sigint_ends_the_run_and_the_list() -> None:
    command = [sys.executable, "-W", "error", "-c", TRAIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "short completed True \n"
        assert process.stdout.readline() == "go\n"
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=60)
    ended, returned = told.splitlines()
    assert ended.startswith("long interrupted True interrupted after ")
    assert ended.endswith(" of 100000 epochs")
    assert returned == "[(3, 'completed')]"
    assert (process.returncode, errors) == (0, "")
