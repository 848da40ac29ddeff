"""Overhead: 100 trials with next to nothing to do. Ours train a tiny net; the peers only compute a number."""

from __future__ import annotations

import logging
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from statistics import median

import torch
from torch import nn

from benchmarks.row import Row
from thalweg.core.config import Config
from thalweg.core.errors import one_line
from thalweg.execute import batched
from thalweg.problems import Problem
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import log

TRIALS = 100
LOW, HIGH = 1e-5, 1.0
PATIENCE = 90
"""Seconds after which Ray Tune is stopped; its time is then that of the trials it has done, a trial."""


def rows(rounds: int) -> Iterable[Row]:
    """Return the seconds of 100 trivial trials against Optuna's, and Ray Tune's where that is installed."""
    problem = _problem()
    peers: dict[str, Callable[[], float]] = {"Optuna": optuna_trials}
    try:
        import_module("ray.tune")
        peers["Ray Tune"] = ray_trials
    except ImportError as error:
        print(f"Ray Tune is left out, it comes with the extra thalweg[bench]: {one_line(error)}")
    ours, theirs = list[float](), {name: list[float]() for name in peers}
    for turn in range(rounds + 1):
        spent = _ours(problem)
        if not turn:
            continue  # the first warms up
        ours.append(spent)
        for name, work in peers.items():
            if name != "Ray Tune" or turn == 1:  # minutes long: once is enough
                theirs[name].append(work())
    for name, goal in (("Optuna", 10), ("Ray Tune", 0.25)):
        if name in theirs:
            yield Row(
                suite=f"{TRIALS} trivial trials",
                ours=median(ours),
                unit="s",
                peer=name,
                theirs=median(theirs[name]),
                ratio=median(mine / peer for mine, peer in zip(ours, theirs[name], strict=False)),
                goal=goal,
            )


def _problem() -> Problem:
    x = torch.randn(32, 2, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    return Problem(
        name="trivial",
        model=lambda: nn.Linear(2, 2),
        loss=nn.CrossEntropyLoss(),
        train=(x[:16], y[:16]),
        valid=(x[16:], y[16:]),
        batch_size=16,
        epochs=1,
    )


def _ours(problem: Problem) -> float:
    started = time.perf_counter()
    space = {"lr": log(LOW, HIGH)}
    result = sweep(
        problem,
        "sgd",
        space,
        trials=TRIALS,
        seeds=1,
        halving=False,
        narrow=False,
        base=Config(),
        threads=1,
        executor=batched,
    )
    assert len(result.trials) == TRIALS
    return time.perf_counter() - started


def optuna_trials() -> float:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    started = time.perf_counter()
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(lambda trial: _trivial(trial.suggest_float("lr", LOW, HIGH, log=True)), n_trials=TRIALS)
    return time.perf_counter() - started


def ray_trials() -> float:
    """Ray Tune's own way: a Tuner over a function that returns its result, two trials at a time."""
    import ray
    from ray import tune

    def trivial(config: dict[str, float]) -> dict[str, float]:
        return {
            "loss": (math.log10(config["lr"]) + 2) ** 2
        }  # by itself: its processes need not import this module

    ray.init(num_cpus=2, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            tuner = tune.Tuner(
                trivial,
                param_space={"lr": tune.loguniform(LOW, HIGH)},
                tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=TRIALS, time_budget_s=PATIENCE),
                run_config=tune.RunConfig(storage_path=folder, verbose=0),
            )
            results = tuner.fit()
            spent = time.perf_counter() - started
            done = sum(1 for result in results if result.metrics and "loss" in result.metrics)
        return spent * TRIALS / max(done, 1)
    finally:
        ray.shutdown()


def _trivial(lr: float) -> float:
    return (math.log10(lr) + 2) ** 2
