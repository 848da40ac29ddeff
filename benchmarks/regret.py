"""Regret: the final loss at a recommended learning rate against the best of an exhaustive sweep of 36 rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.finders import FINDERS
from benchmarks.row import Row
from thalweg.core.config import Config
from thalweg.execute import batched
from thalweg.optim import optimizers
from thalweg.problems import Problem
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import log
from thalweg.sweep.range_test import range_test
from thalweg.sweep.result import SweepResult
from thalweg.train import Learner, run_learner

OPTIMIZERS = ("sgd", "momentum", "adam")


def rows(problem: Problem, names: Sequence[str] = OPTIMIZERS) -> list[Row]:
    """Return, for each optimizer, the sweep against the best of 36, and the range test against each finder."""
    return [row for name in names for row in _of(problem, name)]


def _of(problem: Problem, name: str) -> list[Row]:
    how: dict[str, Any] = {"base": Config(keep="last"), "threads": 1, "executor": batched}
    exhaustive = sweep(problem, name, preset="deepobs", seeds=1, **how)
    low, high = optimizers[name].search
    ours = sweep(problem, name, {"lr": log(low / 10, high * 10)}, seeds=3, **how)
    best = min(_loss(trial.loss) for trial in exhaustive.trials)
    recommended = _recommended(ours, problem, name)
    suggested = _final(problem, name, range_test(problem, name, threads=1).suggestion)
    found = [_row(f"{problem.name} {name}, sweep", recommended, "best of 36", best, goal=1.01)]
    found.append(_row(f"{problem.name} {name}, test", suggested, "best of 36", best, goal=10))
    for finder, suggest in FINDERS.items():
        theirs = _final(problem, name, suggest(problem, name))
        found.append(_row(f"{problem.name} {name}, test", suggested, finder, theirs, goal=1.05))
    return found


def _recommended(result: SweepResult, problem: Problem, name: str) -> float:
    config = result.recommendation
    return _final(problem, name, config.hyper["lr"] if config else None)


def _final(problem: Problem, name: str, lr: float | None) -> float:
    """The validation loss after training at this rate; that of the fresh weights if there is none."""
    if lr is None:
        return Learner(problem, Config(optimizer=name)).judge("valid")["loss"]
    run = run_learner(Learner(problem, Config(optimizer=name, hyper={"lr": lr})))
    return math.inf if run.outcome.broken else _loss(run.valid["loss"])


def _loss(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _row(suite: str, ours: float, peer: str, theirs: float, *, goal: float) -> Row:
    ratio = ours / theirs if math.isfinite(theirs) else 0.0
    return Row(suite=suite, ours=ours, peer=peer, theirs=theirs, ratio=ratio, unit="loss", goal=goal)
