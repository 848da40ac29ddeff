"""Tuning: what `compare` reaches on mnist/mlp-2 with 16 trials of 5 epochs, and how long digits take."""

from __future__ import annotations

from benchmarks.row import Row
from thalweg.compare.conduct import compare
from thalweg.problems import load

NAMES = ["momentum", "rmsprop", "rmsprop-nesterov", "adam"]


def rows() -> list[Row]:
    digits = compare(load("digits/mlp-1"))
    found = [Row(suite="compare digits/mlp-1, 8 x (16 + 10)", ours=digits.seconds, unit="s", goal=60)]
    mnist = compare(load("mnist/mlp-2"), NAMES, trials=16)
    return found + [
        Row(
            suite=f"mnist/mlp-2 {standing.optimizer}",
            ours=100 * standing.test.mean,
            unit="% test",
            goal=97.5,
            at_least=True,
        )
        for standing in mnist.ranking
    ]
