"""The page of a diagnosis in a browser: cards draw their pictures, open what is folded, and fit any window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from thalweg.check.diagnosis import Diagnosis
from thalweg.check.experiments.rates import learning_rate
from thalweg.check.look import Suspicion
from thalweg.check.looks.activations import activations
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.config import Config
from thalweg.core.finding import Finding, Passed, Proof, Severity
from thalweg.execute.environment import describe
from thalweg.problems import Problem
from thalweg.report import write

pytest.importorskip("playwright", reason="Playwright is not installed; it is in the extra thalweg[dev]")
from playwright.sync_api import Page

NAMES = "(plot) => plot._fullData.map((trace) => trace.name)"
HEADINGS = "figure h4, figure h5"
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"
COLOURS = "() => [...document.querySelectorAll('.plot')].map((p) => p._fullData?.map((t) => t.line?.color))"

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def subject(blobs: Problem) -> Subject:
    """A net whose units saturate, at a rate that is far too high."""

    def net() -> nn.Module:
        model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
        nn.init.normal_(model[0].weight, std=20.0)
        return model

    problem = replace(blobs, model=net)
    return Subject(Setup.of(problem, partial(torch.optim.SGD, lr=50.0)))


@pytest.fixture(scope="module")
def diagnosis(subject: Subject) -> Diagnosis:
    """Findings with the pictures of real measurements, two of them folded under the first."""
    (high,) = [one.finding for one in learning_rate(subject) if isinstance(one, Suspicion)]
    losses = torch.linspace(2, 0.1, 30)
    proof = Proof(
        change="lr=0.05 in place of 50",
        measure="validation accuracy",
        before=float("nan"),
        after=0.97,
        higher_is_better=True,
        helped=True,
        steps=60,
        seeds=2,
        curves={"without": (), "with": tuple(losses.tolist())},
    )

    def symptom(fault: str, **how) -> Finding:
        return Finding(
            fault=fault, severity=Severity.WARNING, where="1", evidence="99% of 1", remedy="scale inputs", **how
        )

    pictures = activations(subject.model, subject.batch[0], when="at the start")
    below = symptom("saturation", pictures=pictures), symptom("exploding_gradient")
    return Diagnosis(
        problem="blobs",
        config=Config(hyper={"lr": 50.0}),
        findings=(replace(high, proof=proof, consequences=below), symptom("zero_grad")),
        passed=(Passed(name="finite values", evidence="inputs and targets of 90 samples are finite"),),
        unchecked=("Are units dead? Not asked: the budget left no time.",),
        trace=subject.trace,
        budget=60.0,
        seconds=1.5,
        environment=describe("thalweg check blobs", datetime(2025, 1, 2, tzinfo=UTC), "one thread", 1),
    )


@pytest.fixture(scope="module")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Diagnosis], Path]:
    folder = tmp_path_factory.mktemp("diagnosis")
    return lambda diagnosis: write(diagnosis, folder / f"{len(diagnosis.findings)}.html")


def test_a_card_shows_its_rates_and_its_curves(visit: Visit, page_of, diagnosis: Diagnosis) -> None:
    card = visit(page_of(diagnosis)).locator("article.card").first
    assert "Learning rate too high" in card.inner_text()
    assert "it helps" in card.inner_text()
    plots = card.locator(":scope > .multiples .plot")
    assert [plots.nth(k).evaluate(NAMES) for k in range(plots.count())] == [["with"], ["loss", "diverged"]]
    assert plots.last.locator(".scatterlayer .points path").count() >= len(diagnosis.trace.losses[:3])
    assert card.get_by_text("Without it no run came to its end.").is_visible()
    assert plots.last.get_by_text("yours").is_visible()


def test_what_is_explained_is_folded_and_opens_with_its_pictures(visit: Visit, page_of, diagnosis) -> None:
    page = visit(page_of(diagnosis))
    card = page.locator("article.card").first
    inside = card.locator("article.card")
    assert inside.count() == 2
    assert not inside.first.is_visible()
    summary = card.locator("details.folded > summary")
    assert summary.inner_text() == "Explained by this: Saturated units (1), Exploding gradient (1)"
    summary.focus()
    page.keyboard.press("Enter")
    assert inside.first.is_visible()
    layers = inside.first.locator(".plot").first
    layers.locator(".main-svg").first.wait_for()
    assert layers.evaluate(NAMES) == ["0", "1", "2", "3", "4"]
    box = layers.bounding_box()
    assert box
    assert box["width"] > 200
    assert layers.locator(".main-svg").first.bounding_box()["width"] <= box["width"] + 1
    assert inside.nth(1).get_by_text("Gradient by depth").is_visible()
    assert page.get_by_text("Gradient by depth").count() == 1


def test_the_page_of_a_fault_opens(visit: Visit, page_of, diagnosis: Diagnosis) -> None:
    about = visit(page_of(diagnosis)).locator("article.card").first.locator(":scope > details.about").last
    assert not about.locator("pre").is_visible()
    about.locator("summary").click()
    assert about.locator("pre .fault").count() > 0
    assert about.locator("pre .repair").count() > 0


def test_a_clean_bill_shows_numbers_what_was_left_out_and_the_first_updates(visit, page_of, diagnosis) -> None:
    page = visit(page_of(replace(diagnosis, findings=())))
    assert page.locator("article.card").count() == 0
    assert page.locator(".verdict").inner_text() == "No fault found in blobs: 1 check passed."
    assert page.locator("table.passed").get_by_text("inputs and targets of 90 samples are finite").is_visible()
    assert page.locator("#unchecked").inner_text().split("\n")[-1] == "Are units dead?"
    headings = page.locator(".multiples figure").all_inner_texts()
    for title in ("Loss of each batch", "Gradient by depth", "Spread of outputs by layer", "Dead units by layer"):
        assert any(title in text for text in headings)


@pytest.mark.parametrize("width", [360, 420, 820, 1280])
def test_it_never_scrolls_sideways_with_all_open(visit: Visit, page_of, diagnosis: Diagnosis, width: int) -> None:
    page = visit(page_of(diagnosis), width=width)
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait_for_timeout(100)
    wide, window = page.evaluate(WIDTHS)
    assert wide <= window
    plots = page.locator(".plot")
    for k in range(plots.count()):
        assert plots.nth(k).evaluate("(plot) => plot.scrollWidth <= plot.clientWidth")


def test_pictures_follow_the_colour_scheme(visit: Visit, page_of, diagnosis: Diagnosis) -> None:
    page = visit(page_of(diagnosis), color_scheme="light")
    light = page.evaluate(COLOURS)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(light) => String(({COLOURS})()) !== String(light)", arg=light)
