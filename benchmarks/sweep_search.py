"""Time to a recommendation within 1 % of the best of an exhaustive sweep of 36 rates, against Optuna's."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import optuna
import torch
from optuna.pruners import SuccessiveHalvingPruner
from optuna.samplers import TPESampler

from benchmarks.row import Row
from thalweg.core.config import Config
from thalweg.data import InMemory
from thalweg.execute import batched
from thalweg.problems import Problem, load
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import log
from thalweg.train import fit
from thalweg.train.threads import threads

PROBLEMS = ("digits/mlp-1", "quadratic/deep")
LOW, HIGH = 1e-5, 1e2
TRIALS = 32
MOST = 3 * TRIALS
"""Trials after which Optuna is stopped if none is within 1 %."""

OPTIMIZERS = {
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr),
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9),
    "adam": lambda parameters, lr: torch.optim.Adam(parameters, lr),
}


@dataclass(frozen=True)
class Aim:
    """What counts as good enough: within 1 % of the best of the exhaustive sweep."""

    best: float
    higher_is_better: bool

    def met(self, value: float) -> bool:
        slack = 0.01 * abs(self.best)
        return value >= self.best - slack if self.higher_is_better else value <= self.best + slack


def rows(rounds: int) -> Iterable[Row]:
    """Yield for each problem and optimizer our time against Optuna's, by an oracle and for the same trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name in PROBLEMS:
        problem = load(name)
        for optimizer in OPTIMIZERS:
            yield from _of(problem, optimizer, rounds)


def _of(problem: Problem, optimizer: str, rounds: int) -> Iterable[Row]:
    aim = _exhaustive(problem, optimizer)
    ours, reached, ended = list[float](), list[float](), list[float]()
    for seed in range(rounds):
        ours.append(_ours(problem, optimizer, aim, seed))
        soonest, whole = _optuna(problem, optimizer, aim, seed)
        reached.append(soonest)
        ended.append(whole)
    for peer, theirs, goal in (
        ("Optuna, told when it is within 1 %", reached, 0.25),
        (f"Optuna, its {TRIALS} trials", ended, 0.25),
    ):
        yield Row(
            suite=f"recommend {problem.name} {optimizer}",
            ours=median(ours),
            unit="s",
            peer=peer,
            theirs=median(theirs),
            ratio=median(mine / peers for mine, peers in zip(ours, theirs, strict=True)),
            goal=goal,
        )


def _exhaustive(problem: Problem, optimizer: str) -> Aim:
    found = sweep(problem, optimizer, preset="deepobs", seeds=1, executor=batched)
    metrics = [trial.metric for trial in found.trials if trial.is_whole and math.isfinite(trial.metric)]
    return Aim(max(metrics) if found.higher_is_better else min(metrics), found.higher_is_better)


def _ours(problem: Problem, optimizer: str, aim: Aim, seed: int) -> float:
    """Seconds to the recommendation; infinite if there is none, or its rate is not within 1 % on the same seed."""
    started = time.perf_counter()
    base = Config(keep="best", seed=seed)
    found = sweep(problem, optimizer, {"lr": log(LOW, HIGH)}, trials=TRIALS, seeds=1, base=base)
    spent = time.perf_counter() - started
    if found.recommendation is None:
        return math.inf
    run = fit(problem, found.recommendation.replace(seed=0))
    return spent if aim.met(run.valid[problem.objective]) else math.inf


def _optuna(problem: Problem, optimizer: str, aim: Aim, seed: int) -> tuple[float, float]:
    """Seconds until a trial is within 1 % (of all that it was given, if none is), and those of `TRIALS` trials."""
    direction = "maximize" if aim.higher_is_better else "minimize"
    study = optuna.create_study(
        direction=direction, sampler=TPESampler(seed=seed), pruner=SuccessiveHalvingPruner()
    )
    started, reached, whole = time.perf_counter(), math.nan, math.nan

    def objective(trial: optuna.Trial) -> float:
        return _train(problem, optimizer, trial.suggest_float("lr", LOW, HIGH, log=True), trial)

    with threads(1):
        for number in range(1, MOST + 1):
            study.optimize(objective, n_trials=1)
            now = time.perf_counter() - started
            value = study.trials[-1].value
            if math.isnan(reached) and value is not None and not _pruned(study.trials[-1]) and aim.met(value):
                reached = now
            if number == TRIALS:
                whole = now
            if number >= TRIALS and not math.isnan(reached):
                break
    return reached if not math.isnan(reached) else time.perf_counter() - started, whole


def _pruned(trial: optuna.trial.FrozenTrial) -> bool:
    return trial.state is not optuna.trial.TrialState.COMPLETE


def _train(problem: Problem, optimizer: str, lr: float, trial: optuna.Trial) -> float:
    """The plain torch objective of Optuna's own examples; its value is the best epoch's, as ours is."""
    train, metric = problem.train, problem.objective_metric
    assert isinstance(train, InMemory)
    torch.manual_seed(0)
    model = problem.model()
    stepping = OPTIMIZERS[optimizer](model.parameters(), lr)
    sign = 1 if metric.higher_is_better else -1
    best = -math.inf
    for epoch in range(problem.epochs):
        model.train()
        for index in torch.randperm(len(train)).split(problem.batch_size):
            stepping.zero_grad()
            problem.loss(model(train.x[index]), train.y[index]).backward()
            stepping.step()
        value = problem.evaluate(model, problem.valid)[metric.name]
        if not math.isfinite(value):
            raise optuna.TrialPruned
        best = max(best, sign * value)
        trial.report(sign * best, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return sign * best
