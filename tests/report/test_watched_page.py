"""The page of a loop that was watched: all findings and quantities, in a real browser without a complaint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.watch.loops import Loop, batches
from tests.watch.watchers.test_clearing import never

from thalweg.report import write
from thalweg.report.page import html
from thalweg.watch.pictures import pictures
from thalweg.watch.watched import Watched


@pytest.fixture(scope="module")
def faulty() -> Watched:
    loop = Loop(every=1, name="digits <net>").run(220, never, batches(shuffled=False))
    loop.monitor.close()
    return loop.monitor.report()


def test_it_says_all_of_it(faulty):
    text = html(faulty)
    assert {finding.fault for finding in faulty.findings} >= {"zero_grad", "data_not_shuffled"}
    for part in (
        "Gradients not cleared",
        "Samples not shuffled",
        "digits &lt;net&gt;",
        "How far an update goes",
        "SGD, lr 0.1",
    ):
        assert part in text
    for finding in faulty.findings:
        assert finding.where in text


def test_a_loop_of_which_nothing_was_heard_has_a_page():
    loop = Loop()
    loop.monitor.close()
    watched = loop.monitor.report()
    assert list(pictures(watched)) == []
    assert "No fault seen in 0 updates" in html(watched)


def test_pictures_hold_what_was_measured(faulty):
    drawn = {picture.title: picture for picture in pictures(faulty)}
    assert drawn["Loss"].series[0].y == tuple(value for _, value in faulty.curve("loss"))
    assert [series.name for series in drawn["Sharpness along the step"].series] == ["sharpness", "limit"]
    assert drawn["Dead units by layer"].series[0].x == ("1",)
    assert "Learning rate" not in drawn  # one that stays is no picture
    assert all(series.y for picture in drawn.values() for series in picture.series)


def test_a_browser_draws_every_figure(faulty, tmp_path, visit: Callable[..., Any]):
    page = visit(write(faulty, tmp_path / "page.html"))
    drawn = page.evaluate(
        "() => [...document.querySelectorAll('.plot')].map((plot) => plot._fullData?.length ?? 0)"
    )
    assert len(drawn) == len(list(pictures(faulty)))
    assert all(drawn)
    assert page.locator(".card").count() == len(faulty.findings)
