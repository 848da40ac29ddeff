"""Results to make pages of: a comparison of made-up curves, and real sweeps of what trains in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tests.report.curves import make_comparison
from torch import Tensor, nn

from thalweg.compare.result import Comparison
from thalweg.core.config import Config
from thalweg.problems import Problem
from thalweg.sweep.conduct import sweep
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.range_test import RangeTest, range_test
from thalweg.sweep.result import SweepResult

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


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
