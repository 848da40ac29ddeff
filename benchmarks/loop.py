"""Loop overhead: an epoch of mnist/mlp-2, validation included, with the same torch optimizer in all three."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.row import Row
from thalweg.core.config import Config
from thalweg.data import InMemory
from thalweg.problems import Problem, load
from thalweg.train import Learner
from thalweg.train.threads import choose

REPEATS = 21
BATCH = 128


def sgd(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9)


def thalweg_loop(problem: Problem) -> Callable[[], object]:
    return Learner(problem, Config(), optimizer=sgd).train_epoch


def indexing_loop(problem: Problem) -> Callable[[], object]:
    train, valid = _tensors(problem)
    model = problem.model()
    optimizer = sgd(list(model.parameters()))

    def epoch() -> float:
        model.train()
        order = torch.randperm(len(train.x))
        total = 0.0
        for start in range(0, len(order), BATCH):
            index = order[start : start + BATCH]
            optimizer.zero_grad()
            loss = problem.loss(model(train.x[index]), train.y[index])
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total + _validate(model, valid, problem)

    return epoch


def loader_loop(problem: Problem) -> Callable[[], object]:
    train, valid = _tensors(problem)
    model = problem.model()
    optimizer = sgd(list(model.parameters()))
    loader = DataLoader(TensorDataset(train.x, train.y), batch_size=BATCH, shuffle=True)

    def epoch() -> float:
        model.train()
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = problem.loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total + _validate(model, valid, problem)

    return epoch


@torch.no_grad()
def _validate(model: nn.Module, valid: InMemory, problem: Problem) -> float:
    model.eval()
    total = correct = 0.0
    for x, y in zip(valid.x.split(1024), valid.y.split(1024), strict=True):
        output = model(x)
        total += problem.loss(output, y).item() * len(x)
        correct += (output.argmax(1) == y).sum().item()
    return total / len(valid)


def _tensors(problem: Problem) -> tuple[InMemory, InMemory]:
    assert isinstance(problem.train, InMemory)
    assert isinstance(problem.valid, InMemory)
    return problem.train, problem.valid


def rows() -> list[Row]:
    problem = load("mnist/mlp-2")
    with choose(problem, None):
        return _measured(problem)


def _measured(problem: Problem) -> list[Row]:
    epochs = {make.__name__: make(problem) for make in (thalweg_loop, indexing_loop, loader_loop)}
    times: dict[str, list[float]] = {name: [] for name in epochs}
    turns = list(epochs)
    for repeat in range(REPEATS + 1):
        turns.append(turns.pop(0))  # nobody always comes after the same neighbour
        for name in turns:
            started = time.perf_counter()
            epochs[name]()
            if repeat:  # the first round warms up
                times[name].append(time.perf_counter() - started)
    ours = times["thalweg_loop"]
    return [
        Row(
            suite="loop: epoch of mnist/mlp-2",
            ours=median(ours),
            unit="s",
            peer=peer,
            theirs=median(times[name]),
            ratio=median(mine / peers for mine, peers in zip(ours, times[name], strict=True)),
            goal=goal,
        )
        for name, peer, goal in (
            ("indexing_loop", "hand-written, indexing tensors", 1.05),
            ("loader_loop", "hand-written, DataLoader", 0.8),
        )
    ]
