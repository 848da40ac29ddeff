"""A realistic Comparison, from seeded random curves, and real sweeps of problems that train in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from thalweg.compare.result import Comparison, Environment, Interval, Pair, Standing
from thalweg.core.config import Config
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.problems import Problem
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.range_test import RangeTest, range_test
from thalweg.sweep.result import SweepResult

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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
        environment=Environment(
            command="thalweg compare digits/mlp-1 --trials 16 --seeds 10",
            started="2025-11-20 18:04:11 UTC",
            thalweg="0.1.0",
            torch="2.13.0+cpu",
            python="3.11.2",
            platform="Linux x86_64",
            processor="AMD EPYC 7B13, 2 cores",
            threads=1,
            threading="trained on 1 torch thread",
            device="cpu",
        ),
    )


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    """The whole comparison: eight optimizers, 16 trials, 10 seeds."""
    return make_comparison()


@pytest.fixture(scope="session")
def smaller() -> Callable[..., Comparison]:
    """Build a Comparison with fewer seeds or optimizers: ``smaller(seeds=(1,), names=("sgd",))``."""
    return make_comparison


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
        batch_size=30,
        epochs=9,
    )


def noisy_bowl(output: Tensor, target: Tensor) -> Tensor:
    """A quadratic of curvature 20, whose minimum lies at the target: gradient descent diverges above lr = 0.1."""
    return 10 * (output - target).square().mean()


@pytest.fixture(scope="session")
def bowl() -> Problem:
    """One parameter, and targets that scatter around 3: the objective is the loss."""
    y = 3 + torch.randn(64, 1, generator=torch.Generator().manual_seed(1))
    data = torch.ones(64, 1), y
    return Problem(
        name="bowl",
        model=lambda: nn.Linear(1, 1, bias=False),
        loss=noisy_bowl,
        train=tuple(part[:48] for part in data),
        valid=tuple(part[48:] for part in data),
        batch_size=16,
        epochs=4,
    )


@pytest.fixture(scope="session")
def swept(blobs: Problem) -> SweepResult:
    """Two optimizers at twelve learning rates, with halving."""
    return sweep(blobs, ["sgd", "adam"], trials=12, seeds=3, threads=1, command="thalweg sweep blobs.py:problem")


@pytest.fixture(scope="session")
def wide(blobs: Problem) -> SweepResult:
    """Settings of all kinds, some of which only one of the optimizers has."""
    space = {
        "batch_size": choice(15, 30),
        "schedule": choice("constant", "linear"),
        "momentum": uniform(0.5, 0.95),
        "beta1": uniform(0.5, 0.95),
        "weight_decay": log(1e-5, 1e-2),
    }
    return sweep(blobs, ["momentum", "adam"], space, trials=12, seeds=2, threads=1)


@pytest.fixture(scope="session")
def broken(bowl: Problem) -> SweepResult:
    """Rates of which the higher half diverges."""
    base = Config(hyper={"momentum": 0.0}, keep="best")
    return sweep(bowl, "momentum", {"lr": log(1e-3, 1e3)}, trials=9, seeds=3, threads=1, base=base)


@pytest.fixture(scope="session")
def refused(blobs: Problem) -> SweepResult:
    """Rates that are all too low, though something is learnt."""
    rates = {"lr": log(1e-3, 3e-2)}
    return sweep(blobs, "sgd", rates, sampler="grid", trials=4, seeds=2, halving=False, threads=1)


@pytest.fixture(scope="session")
def tested(bowl: Problem) -> RangeTest:
    """A range test that was cut."""
    return range_test(bowl, "sgd", threads=1)


FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    reason = "Playwright is not installed; it is in the extra thalweg[dev]"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page; when the test ends, nothing was asked of any host and the console is silent."""
    asked: list[str] = []
    said: list[str] = []
    pages: list[Page] = []

    def open_page(path: Path, width: int = 1280, **options: Any) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.goto(path.as_uri())
        page.wait_for_selector(".plot .main-svg")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert said == []
