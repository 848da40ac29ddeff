"""A realistic Comparison, from seeded random curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats
from tests.environment import ENVIRONMENT

from thalweg.compare.result import Comparison, Interval, Pair, Standing
from thalweg.core.config import Config
from thalweg.core.run import Epoch, Outcome, Run

# optimizer: (lower end, upper end of the learning rates, best rate, final accuracy there)
LANDSCAPE = {
    "sgd": (1e-4, 0.3, 0.6, 0.964),
    "momentum": (1e-4, 1.0, 4e-2, 0.976),
    "nesterov": (1e-4, 1.0, 5e-2, 0.9765),
    "adagrad": (1e-4, 1.0, 5e-2, 0.971),
    "rmsprop": (1e-5, 0.1, 2e-3, 0.974),
    "rmsprop-nesterov": (1e-5, 0.1, 1e-3, 0.9745),
    "adadelta": (1e-2, 10.0, 2.0, 0.958),
    "adam": (1e-5, 0.1, 3e-3, 0.9755),
}
EPOCHS, STEPS_PER_EPOCH, TARGET, BUDGET = 20, 18, 0.96, 16
SEEDS = tuple(range(1000, 1010))


def make_run(optimizer: str, lr: float, *, seed: int, tested: bool, rng: np.random.Generator) -> Run:
    *_, best, peak = LANDSCAPE[optimizer]
    off = np.log10(lr / best)
    extra = {"momentum": 0.9} if optimizer in ("momentum", "nesterov", "rmsprop-nesterov") else {}
    config = Config(optimizer=optimizer, hyper={"lr": float(lr), **extra}, epochs=EPOCHS, batch_size=64, seed=seed)
    length = 2 if off > 0.75 else EPOCHS
    final = peak - 0.003 * off**2 - 0.02 * max(0.0, -off - 1.0) ** 2 + rng.normal(0, 0.0015)
    speed = (0.7 + 30 * (peak - 0.958)) * 10 ** (0.35 * min(off, 0.0))
    epochs = []
    for number in range(length + 1):
        share = 1 - np.exp(-speed * number * 0.6)
        accuracy = min(1.0, max(0.05, 0.1 + (final - 0.1) * share + rng.normal(0, 0.0015)))
        loss = 2.3 * (1 - accuracy) / 0.9 + 0.02
        train = (
            float("nan") if number == 0 else 2.3 * np.exp(-speed * number * 0.35) * rng.lognormal(0, 0.12) + 0.003
        )
        if length < EPOCHS and number == length:
            accuracy, loss, train = 0.1, float("nan"), float("inf")
        valid = {"loss": float(loss), "accuracy": float(accuracy)}
        step = number * STEPS_PER_EPOCH
        epochs.append(
            Epoch(number=number, step=step, seconds=step * 4e-4, lr=lr, train_loss=float(train), valid=valid)
        )
    diverged = length < EPOCHS
    test = {"loss": 0.1, "accuracy": float(final - 0.004 + rng.normal(0, 0.0015))}
    return Run(
        problem="digits/mlp-1",
        config=config,
        outcome=Outcome.DIVERGED if diverged else Outcome.COMPLETED,
        epochs=tuple(epochs),
        valid={"loss": float("nan"), "accuracy": float("nan")} if diverged else epochs[-1].valid,
        test=test if tested else None,
        steps=epochs[-1].step,
        seconds=epochs[-1].seconds * rng.uniform(0.9, 1.2),
        best_epoch=epochs[-1].number,
        message="loss was inf at step 36" if diverged else "",
    )


def interval(values: list[float]) -> Interval:
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return Interval(mean=mean, low=float("nan"), high=float("nan"), n=n)
    half = float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return Interval(mean=mean, low=mean - half, high=mean + half, n=n)


def _standing(name: str, trials: list[Run], finals: list[Run]) -> Standing:
    done = [run for run in trials if run.outcome is Outcome.COMPLETED]
    best = max(done, key=lambda run: run.valid["accuracy"])
    rates = sorted(run.config.hyper["lr"] for run in trials)
    hits = [epoch for run in finals if (epoch := run.reached("accuracy", TARGET))]
    return Standing(
        optimizer=name,
        rank=0,
        config=best.config.to_json(),
        test=interval([run.test["accuracy"] for run in finals if run.test]),
        valid=interval([run.valid["accuracy"] for run in finals]),
        steps_to_target=float(np.mean([hit.step for hit in hits])) if hits else None,
        seconds_to_target=float(np.mean([hit.seconds for hit in hits])) if hits else None,
        reached=len(hits),
        seconds=float(np.mean([run.seconds for run in finals])),
        edge_of_range="high" if best.config.hyper["lr"] == rates[-1] else None,
        diverged=len(trials) - len(done),
        search=LANDSCAPE[name][:2],
    )


def _pairs(ranking: list[Standing], finals: list[Run]) -> list[Pair]:
    scores = {
        s.optimizer: np.array([r.test["accuracy"] for r in finals if r.test and r.config.optimizer == s.optimizer])
        for s in ranking
    }
    leader, *others = scores
    tests = {name: stats.ttest_rel(scores[leader], scores[name]) for name in others}
    pairs, floor = [], 0.0
    for i, name in enumerate(sorted(others, key=lambda name: tests[name].pvalue)):
        p, (low, high) = float(tests[name].pvalue), tests[name].confidence_interval()
        floor = max(floor, min(1.0, p * (len(others) - i)))
        difference = float(np.mean(scores[leader] - scores[name]))
        pairs.append(
            Pair(
                leader=leader,
                other=name,
                difference=difference,
                low=float(low),
                high=float(high),
                p=p,
                p_holm=floor,
                distinct=floor < 0.05,
            )
        )
    return pairs


def make_comparison(seeds: tuple[int, ...] = SEEDS, names: tuple[str, ...] = tuple(LANDSCAPE)) -> Comparison:
    rng = np.random.default_rng(7)
    trials, finals, standings = [], [], []
    for name in names:
        low, high, _, _ = LANDSCAPE[name]
        spots = (np.arange(BUDGET) + rng.uniform(0.1, 0.9, BUDGET)) / BUDGET
        rates = low * (high / low) ** rng.permutation(spots)
        own = [make_run(name, lr, seed=0, tested=False, rng=rng) for lr in rates]
        done = [run for run in own if run.outcome is Outcome.COMPLETED]
        best = max(done, key=lambda run: run.valid["accuracy"]).config.hyper["lr"]
        last = [make_run(name, best, seed=seed, tested=True, rng=rng) for seed in seeds]
        standings.append(_standing(name, own, last))
        trials += own
        finals += last
    ranking = [
        replace(standing, rank=i)
        for i, standing in enumerate(sorted(standings, key=lambda s: -s.test.mean), start=1)
    ]
    return Comparison(
        problem="digits/mlp-1",
        metric="accuracy",
        higher_is_better=True,
        target=TARGET,
        budget=BUDGET,
        seeds=seeds,
        ranking=tuple(ranking),
        pairs=tuple(_pairs(ranking, finals)) if len(names) > 1 and len(seeds) > 1 else (),
        trials=tuple(trials),
        finals=tuple(finals),
        seconds=47.3,
        tested_on="test",
        missing=(),
        environment=ENVIRONMENT,
    )
