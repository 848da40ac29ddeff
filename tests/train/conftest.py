"""Small problems to train, and what two runs must share to be the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, Event
from thalweg.core.run import Run
from thalweg.problems import Problem

Curve = list[tuple[Any, ...]]


def blobs(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Three overlapping clouds of points in six dimensions."""
    random = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    return torch.randn(n, 6, generator=random) + 2 * torch.eye(3, 6)[y], y


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def wide_net() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))


def noisy_net() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


@pytest.fixture(scope="session")
def make_problem() -> Callable[..., Problem]:
    """A function that builds a problem of 90 samples in batches of 16, with what is given changed."""

    def make(**changed: Any) -> Problem:
        given = {"name": "blobs", "model": net, "loss": nn.CrossEntropyLoss(), "batch_size": 16, "epochs": 4}
        splits = {"train": blobs(90, 0), "valid": blobs(40, 1), "test": blobs(30, 2)}
        return Problem(**{**given, **splits, **changed})

    return make


@pytest.fixture(scope="session")
def problem(make_problem: Callable[..., Problem]) -> Problem:
    return make_problem()


@pytest.fixture(scope="session")
def noisy(make_problem: Callable[..., Problem]) -> Problem:
    """One whose training draws dropout masks and keeps running statistics."""
    return make_problem(model=noisy_net)


@pytest.fixture(scope="session")
def overfit(make_problem: Callable[..., Problem]) -> Problem:
    """Two labels of five are wrong: its validation loss falls for a few epochs, and then rises."""
    x, y = blobs(60, 3)
    wrong = torch.where(torch.arange(60) % 5 < 3, y, y.roll(1))
    return make_problem(name="overfit", model=wide_net, train=(x, wrong), objective="loss", epochs=30)


@pytest.fixture(scope="session")
def curve() -> Callable[[Run], Curve]:
    """A function that gives all of a curve but the seconds."""

    def bare(run: Run) -> Curve:
        return [(e.number, e.step, e.lr, e.train_loss, dict(e.valid)) for e in run.epochs]

    return bare


@pytest.fixture(scope="session")
def bits() -> Callable[[nn.Module], dict[str, list[float]]]:
    """A function that gives every weight and buffer of a model, comparable bit for bit if none is NaN."""

    def read(model: nn.Module) -> dict[str, list[float]]:
        return {name: tensor.double().flatten().tolist() for name, tensor in model.state_dict().items()}

    return read


@pytest.fixture(scope="session")
def interrupt_at() -> Callable[[int], Callable[[Event], None]]:
    """A function that gives a sink which presses Ctrl-C at the end of an epoch."""

    def sink_for(number: int) -> Callable[[Event], None]:
        def sink(event: Event) -> None:
            if isinstance(event, EpochEnded) and event.epoch.number == number:
                raise KeyboardInterrupt

        return sink

    return sink_for


@pytest.fixture(scope="session")
def settings() -> dict[str, Config]:
    """A setting for each optimizer, with a schedule that moves the rate at every step."""
    rates = {"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "adam": 0.01, "rmsprop-nesterov": 0.002}
    schedule = {"schedule": "inverse", "schedule_options": {"k": 0.3}}
    return {name: Config(optimizer=name, hyper={"lr": lr}, **schedule) for name, lr in rates.items()}
