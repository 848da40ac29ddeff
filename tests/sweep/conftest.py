"""A problem whose runs take milliseconds, an executor that knows every end beforehand, and results by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.events import RunEnded, Sink, silent
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute import Job
from thalweg.execute.gate import Gate
from thalweg.problems import Problem
from thalweg.sweep.dimensions import log
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial
from thalweg.train import Learner, run_learner


@pytest.fixture(scope="session")
def blobs() -> Problem:
    """Three overlapping blobs in four dimensions, 90 samples to train on."""
    y = torch.arange(150) % 3
    x = torch.randn(150, 4, generator=torch.Generator().manual_seed(0)) + 1.5 * torch.eye(3, 4)[y]
    return Problem(
        name="blobs",
        model=lambda: nn.Linear(4, 3),
        loss=nn.CrossEntropyLoss(),
        train=(x[:90], y[:90]),
        valid=(x[90:], y[90:]),
        batch_size=16,
        epochs=9,
    )


class Bowl(nn.Module):
    """Two parameters and no input that matters."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.randn(2) + 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.theta - x


@pytest.fixture(scope="session")
def bowl() -> Problem:
    """A noisy quadratic with curvatures 1 and 10: gradient descent diverges above lr = 1/5."""
    x = 0.3 * torch.randn(64, 2, generator=torch.Generator().manual_seed(1))

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return (output.square() * torch.tensor([1.0, 10.0])).sum(1).mean() / 2

    y = torch.zeros(64)
    return Problem(
        name="bowl", model=Bowl, loss=loss, train=(x[:48], y[:48]), valid=(x[48:], y[48:]), batch_size=16, epochs=9
    )


class Replayed:
    """An executor that trains every run to its end, and only then looks at what a gate would have ended.

    Its Runs are those of an executor that stops in time: halving recomputed from full curves.
    """

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.full: dict[str, Run] = {}

    def __call__(self, jobs: Sequence[Job], sink: Sink = silent, *, gate: Gate | None = None) -> list[Run]:
        self.jobs += jobs
        runs = {job.run_id: run_learner(Learner(job.problem, job.config), run_id=job.run_id) for job in jobs}
        self.full |= runs
        for stop in gate.stops if gate else ():
            waiting = {name: run.epochs[:stop] for name, run in runs.items() if self.waits(run, stop)}
            broken = {name for name, run in runs.items() if run.outcome.broken and not self.waits(run, stop)}
            for name in gate.losers(stop, waiting, broken) if gate else ():
                runs[name] = cut(runs[name], stop)
        for name, run in runs.items():
            sink(RunEnded(run_id=name, run=run))
        return list(runs.values())

    @staticmethod
    def waits(run: Run, stop: int) -> bool:
        return run.outcome is not Outcome.PRUNED and len(run.epochs) > stop


def cut(run: Run, stop: int) -> Run:
    """The run as it was after `stop` epochs."""
    epochs = run.epochs[:stop]

    def key(epoch: Epoch) -> tuple[float, float]:
        return epoch.valid.get("accuracy", -epoch.valid["loss"]), -epoch.valid["loss"]

    judged = max(epochs, key=key) if run.config.keeps_best else epochs[-1]
    last = epochs[-1]
    return replace(
        run,
        outcome=Outcome.PRUNED,
        epochs=epochs,
        valid=judged.valid,
        steps=last.step,
        seconds=last.seconds,
        best_epoch=judged.number,
    )


@pytest.fixture
def replayed() -> Replayed:
    """A fresh executor that recomputes halving from full curves."""
    return Replayed()


def curve(values: Sequence[float], losses: Sequence[float] | None = None) -> tuple[Epoch, ...]:
    """A curve of accuracies, ten updates an epoch."""
    losses = losses or [1 - value for value in values]
    return tuple(
        Epoch(number=i, step=10 * i, seconds=float(i), lr=0.1, train_loss=1.0, valid={"accuracy": a, "loss": b})
        for i, (a, b) in enumerate(zip(values, losses, strict=True), 1)
    )


@pytest.fixture
def curves() -> Callable[..., Any]:
    """Make a curve of accuracies and losses."""
    return curve


def tried(**changes: Any) -> Trial:
    """A trial by hand: adam at some rate, completed, of accuracy 0.9."""
    lr = changes.pop("lr", 0.01)
    config = Config(optimizer="adam", hyper={"lr": lr}, epochs=9, batch_size=16, keep="best")
    space = Space.of(["adam"], {"lr": log(1e-5, 1)})
    metric = changes.pop("metric", 0.9)
    plain: dict[str, Any] = {
        "name": "trial-000",
        "round": 0,
        "config": config,
        "values": {"lr": lr},
        "point": space.point(config),
        "metric": metric,
        "loss": 1 - metric,
        "outcome": Outcome.COMPLETED,
        "epochs": 9,
        "steps": 54,
        "seconds": 0.5,
        "curve": (metric,) * changes.get("epochs", 9),
    }
    return Trial(**{**plain, **changes})


def final(values: Sequence[float], **changes: Any) -> Run:
    """A run by hand on a fresh seed, with this curve of accuracies."""
    epochs = curve(values)
    config = Config(optimizer="adam", hyper={"lr": 0.01}, epochs=len(values), batch_size=16, keep="best")
    plain: dict[str, Any] = {
        "problem": "blobs",
        "config": config,
        "outcome": Outcome.COMPLETED,
        "epochs": epochs,
        "valid": epochs[-1].valid,
        "steps": 10 * len(values),
        "seconds": 1.0,
        "best_epoch": len(values),
    }
    return Run(**{**plain, **changes})


@pytest.fixture
def trial() -> Callable[..., Trial]:
    """Make a trial by hand."""
    return tried


@pytest.fixture
def finals() -> Callable[..., list[Run]]:
    """Make runs on fresh seeds of these final accuracies."""
    return lambda *values: [final([value] * 9) for value in values]
