"""Watch: a hand-written loop with `thalweg.watch` on it, its store included, against the same loop without."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

import thalweg as tw
from benchmarks.row import Row
from benchmarks.turns import Turn, rates, ratio
from thalweg.data import InMemory
from thalweg.problems import load

BATCH, SECONDS = 128, 1.0

GOALS = {("mnist/mlp-2", 10): 1.10, ("mnist/mlp-2", 1): 1.6, ("fashion/2c2d", 10): 1.05, ("fashion/2c2d", 1): 1.6}
"""Times the plain loop's time, by problem and by every how many updates one is watched."""


def rows(rounds: int) -> Iterable[Row]:
    for name in dict.fromkeys(name for name, _ in GOALS):
        yield from _rows(name, rounds)


def _rows(name: str, rounds: int) -> Iterable[Row]:
    intervals = [every for problem, every in GOALS if problem == name]
    updates = 100 if "mlp" in name else 20
    with TemporaryDirectory() as folder, ExitStack() as open_:
        turns = {"plain": Turn(_loop(name, updates), updates, torch.get_num_threads())}
        for every in intervals:
            work = _loop(name, updates, every, Path(folder) / f"{every}.db", open_)
            turns[str(every)] = Turn(work, updates, torch.get_num_threads())
        found = rates(turns, rounds, SECONDS)
    for every in intervals:
        yield Row(
            suite=f"watch {name}, every {every}",
            ours=1e3 / median(found[str(every)]),
            unit="ms/update",
            peer="the loop alone",
            theirs=1e3 / median(found["plain"]),
            ratio=ratio(found["plain"], found[str(every)]),
            goal=GOALS[name, every],
        )


def _loop(
    name: str, updates: int, every: int = 0, store: Path | None = None, open_: ExitStack | None = None
) -> Callable[[], None]:
    """Return some updates of a loop, which goes on where it stopped."""
    problem = load(name)
    assert isinstance(problem.train, InMemory)
    torch.manual_seed(0)
    model, loss_fn = problem.model(), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    batches = cycle(list(zip(problem.train.x.split(BATCH), problem.train.y.split(BATCH), strict=True)))
    if every:
        monitor = tw.watch(model, optimizer, loss=loss_fn, every=every, store=store, quiet=True)
        if open_:
            open_.enter_context(monitor)

    def some() -> None:
        for _, (x, y) in zip(range(updates), batches, strict=False):
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()

    return some
