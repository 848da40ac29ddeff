"""The page in a real browser: it draws, answers to clicks, complains of nothing and calls nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import thalweg as tw
from thalweg.compare.comparisons import Comparisons
from thalweg.compare.result import Comparison
from thalweg.report import write
from thalweg.sweep.range_test import RangeTest
from thalweg.sweep.result import SweepResult

pytest.importorskip("playwright", reason="Playwright is not installed; it is in the extra thalweg[dev]")
from playwright.sync_api import Page

VISIBLE = "(id) => document.getElementById(id)._fullData.map((trace) => [trace.name, trace.visible])"
COLOURS = "(id) => document.getElementById(id)._fullData.map((trace) => trace.line?.color)"
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"
COLUMN = "(n) => [...document.querySelectorAll('.sortable tbody tr')].map((row) => row.cells[n].innerText.trim())"

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, comparison: Comparison) -> Path:
    return write(comparison, tmp_path_factory.mktemp("report") / "report.html")


def shown(page: Page, figure: str) -> set[str]:
    return {name for name, visible in page.evaluate(VISIBLE, figure) if visible is True}


def test_every_figure_is_drawn(visit: Visit, report: Path, comparison: Comparison) -> None:
    page = visit(report)
    names = {standing.optimizer for standing in comparison.ranking}
    for figure in ("validation", "training", "sensitivity"):
        assert shown(page, figure) == names
        assert page.locator(f"#{figure} .scatterlayer .trace").count() >= len(names)


def test_a_click_in_the_legend_hides_the_line_in_every_figure(visit: Visit, report: Path) -> None:
    page = visit(report)
    entry = page.locator("figure:has(#training) .legend button", has_text="adagrad")
    entry.click()
    for figure in ("validation", "training", "sensitivity"):
        assert "adagrad" not in shown(page, figure)
        assert len(shown(page, figure)) == 7
    assert entry.get_attribute("aria-pressed") == "false"
    entry.click()
    assert len(shown(page, "training")) == 8


def test_a_double_click_shows_one_line_alone_and_then_all(visit: Visit, report: Path) -> None:
    page = visit(report)
    entry = page.locator("figure:has(#validation) .legend button", has_text="adagrad")
    entry.dblclick()
    assert shown(page, "sensitivity") == {"adagrad"}
    entry.dblclick()
    assert len(shown(page, "sensitivity")) == 8


def test_a_click_on_a_heading_sorts_the_trials(visit: Visit, report: Path, comparison: Comparison) -> None:
    page = visit(report)
    heading = page.get_by_role("button", name="Learning rate")
    heading.click()
    rates = [float(text) for text in page.evaluate(COLUMN, 1)]
    assert len(rates) == len(comparison.trials)
    assert rates == sorted(rates)
    heading.click()
    assert [float(text) for text in page.evaluate(COLUMN, 1)] == sorted(rates, reverse=True)


def test_trials_without_a_score_come_last_either_way(visit: Visit, report: Path) -> None:
    page = visit(report)
    heading = page.get_by_role("button", name="Validation accuracy")
    for descending in (False, True):
        heading.click()
        texts = page.evaluate(COLUMN, 2)
        known = [float(text.removesuffix("%")) for text in texts if text != "–"]
        assert texts[len(known) :] == ["–"] * (len(texts) - len(known)) != []
        assert known == sorted(known, reverse=descending)


def test_names_are_sorted_as_text(visit: Visit, report: Path) -> None:
    page = visit(report)
    page.locator(".sortable th button", has_text="Optimizer").click()
    names = page.evaluate(COLUMN, 0)
    assert names == sorted(names)
    assert names[0] == "adadelta"


def test_figures_follow_the_colour_scheme(visit: Visit, report: Path) -> None:
    page = visit(report, color_scheme="light")
    light = page.evaluate(COLOURS, "training")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(light) => String(({COLOURS})('training')) !== String(light)", arg=light)
    assert len(set(page.evaluate(COLOURS, "training"))) == len(set(light))


@pytest.mark.parametrize("width", [360, 400, 820, 1024, 1280, 1920])
def test_the_page_never_scrolls_sideways(visit: Visit, report: Path, width: int) -> None:
    page = visit(report, width=width)
    wide, window = page.evaluate(WIDTHS)
    assert wide <= window
    assert page.locator("#validation").evaluate("(plot) => plot.scrollWidth <= plot.clientWidth")


def test_a_single_run_is_drawn(visit: Visit, tmp_path: Path, comparison: Comparison) -> None:
    page = visit(write(comparison.finals[0], tmp_path / "run.html"))
    assert shown(page, "training") == {"training", "validation"}
    page.locator(".legend button", has_text="training").click()
    assert shown(page, "training") == {"validation"}


def test_profiles_over_several_problems_are_drawn(visit: Visit, tmp_path: Path, comparison: Comparison) -> None:
    other = replace(comparison, problem="cancer/mlp-1", target=0.97)
    page = visit(write(Comparisons.of([comparison, other]), tmp_path / "several.html"), width=360)
    names = {standing.optimizer for standing in comparison.ranking}
    for figure in ("profile-updates", "profile-seconds"):
        assert shown(page, figure) == names
    page.locator("figure:has(#profile-updates) .legend button", has_text="adagrad").click()
    assert "adagrad" not in shown(page, "profile-seconds")
    wide, window = page.evaluate(WIDTHS)
    assert wide <= window


@pytest.fixture(scope="module")
def sweep_page(tmp_path_factory: pytest.TempPathFactory, wide: SweepResult) -> Path:
    return write(wide, tmp_path_factory.mktemp("sweep") / "sweep.html")


def test_every_figure_of_a_sweep_is_drawn_and_answers_to_the_legend(visit: Visit, sweep_page: Path) -> None:
    page = visit(sweep_page)
    several = ("response", "bracket", "slice-batch_size", "slice-weight_decay")
    for figure in several:
        assert shown(page, figure) == {"momentum", "adam"}
    page.locator("figure:has(#bracket) .legend button", has_text="adam").click()
    for figure in several:
        assert shown(page, figure) == {"momentum"}
    assert shown(page, "slice-beta1") == set()


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_the_page_of_a_sweep_never_scrolls_sideways(visit: Visit, sweep_page: Path, width: int) -> None:
    page = visit(sweep_page, width=width)
    wide, window = page.evaluate(WIDTHS)
    assert wide <= window
    assert page.locator("#response").evaluate("(plot) => plot.scrollWidth <= plot.clientWidth")


def test_slices_stand_side_by_side_where_there_is_room(visit: Visit, sweep_page: Path) -> None:
    tops = "() => [...document.querySelectorAll('.multiples figure')].map((figure) => figure.offsetTop)"
    assert len(set(visit(sweep_page, width=1280).evaluate(tops))) == 2
    assert len(set(visit(sweep_page, width=390).evaluate(tops))) == 5


def test_trials_sort_by_a_setting(visit: Visit, sweep_page: Path) -> None:
    page = visit(sweep_page)
    page.get_by_role("button", name="lr", exact=True).click()
    rates = [float(text) for text in page.evaluate(COLUMN, 2)]
    assert rates == sorted(rates)
    assert len(rates) == 12


def test_the_keyboard_copies_a_setting(visit: Visit, sweep_page: Path, wide: SweepResult) -> None:
    page = visit(sweep_page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the recommended setting")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.copies').textContent === 'copied'")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert eval(copied, {"tw": tw}) == wide.recommendation


def test_a_range_test_is_drawn(visit: Visit, tmp_path: Path, tested: RangeTest) -> None:
    page = visit(write(tested, tmp_path / "test.html"), color_scheme="dark")
    assert shown(page, "ramp") == {"every update", "smoothed", "suggestion"}
