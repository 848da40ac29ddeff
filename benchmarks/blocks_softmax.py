"""Hierarchical softmax: a training step beside that of the full softmax, at 100,000 classes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import nn

from benchmarks.row import Row
from thalweg.nn import HierarchicalSoftmax, HierarchicalSoftmaxLoss
from thalweg.optim import SGD

CLASSES, BATCH, FEATURES = 100_000, 256, 128
REPEATS = 7
GOAL = 0.1

Step = Callable[[], None]


def rows() -> Iterator[Row]:
    """Measure with dense and with sparse gradients; classes equally frequent, which is the tree's worst case."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        x, labels = torch.randn(BATCH, FEATURES), torch.randint(CLASSES, (BATCH,))
        full = _step(nn.Linear(FEATURES, CLASSES), nn.CrossEntropyLoss(), x, labels)
        for gradients in ("dense", "sparse"):
            layer = HierarchicalSoftmax(FEATURES, [1] * CLASSES, sparse=gradients == "sparse")
            yield _row(gradients, _step(layer, HierarchicalSoftmaxLoss(), x, labels), full)
    finally:
        torch.set_num_threads(threads)


def _step(model: nn.Module, loss: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> Step:
    optimizer = SGD(model.parameters(), lr=0.1)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), labels).backward()
        optimizer.step()

    return step


def _row(gradients: str, ours: Step, full: Step) -> Row:
    """Take turns, after a round that warms up."""
    pairs = [(_seconds(ours), _seconds(full)) for _ in range(REPEATS + 1)][1:]
    mine, theirs = (1e3 * median(times) for times in zip(*pairs, strict=True))
    return Row(
        suite=f"hierarchical softmax, {gradients}",
        ours=mine,
        unit="ms",
        peer="full softmax",
        theirs=theirs,
        ratio=median(tree / flat for tree, flat in pairs),
        goal=GOAL,
    )


def _seconds(step: Step) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started
