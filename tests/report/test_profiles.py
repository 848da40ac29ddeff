"""The page over several problems: profiles as steps, scores, and every problem's ranking."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from thalweg.compare import overview, words
from thalweg.compare.comparisons import Comparisons
from thalweg.compare.profile import TAU_MAX, profiles
from thalweg.compare.result import Comparison
from thalweg.report import profiles as drawn_by
from thalweg.report.page import html
from thalweg.report.seats import seats

HOSTILE = "<script>alert(1)</script>"
COSTS = {"adam": {"p": 10.0, "q": 30.0, "r": math.inf}, "sgd": {"p": 20.0, "q": 10.0, "r": 90.0}}


@pytest.fixture(scope="module")
def several(smaller: Callable[..., Comparison]) -> Comparisons:
    """Three problems, one without a target, on four optimizers."""
    names = ("sgd", "momentum", "adam", "adadelta")
    first = smaller(names=names)
    second = replace(first, problem="cancer/mlp-1", target=0.9745)
    return Comparisons.of([first, second, replace(first, problem="mine/bare", target=None)])


def test_a_line_steps_where_the_profile_does() -> None:
    figure = drawn_by.figure(profiles("updates", COSTS), seats(COSTS))
    for line, profile in zip(figure["data"], profiles("updates", COSTS), strict=True):
        assert line["line"]["shape"] == "hv"
        assert line["y"] == [profile.within(tau) for tau in line["x"]]
        assert line["x"][0] == 1
        assert len(line["marker"]["size"]) == len(line["x"])
    adam, sgd = (line["x"] for line in figure["data"])
    assert (adam[:-1], sgd[:-1]) == ([1, 3], [1, 2])
    assert adam[-1] == sgd[-1] > TAU_MAX


def test_the_axis_is_logarithmic_and_ends_behind_the_last_step() -> None:
    far = {"adam": {"p": 10.0}, "sgd": {"p": 900.0}}
    for costs, last in ((COSTS, TAU_MAX), (far, 90.0)):
        axis = drawn_by.figure(profiles("updates", costs), seats(costs))["layout"]["xaxis"]
        assert axis["type"] == "log"
        assert axis["range"][0] < 0 < math.log10(last) < axis["range"][1]
        assert 1 in axis["tickvals"]


def test_hovering_names_the_problem() -> None:
    adam, _ = drawn_by.figure(profiles("updates", COSTS), seats(COSTS))["data"]
    assert adam["text"][:2] == ["1 of 3 problems, here p", "2 of 3 problems, here q"]


def test_the_page_says_everything_in_order(several: Comparisons) -> None:
    page = html(several)
    places = [
        page.index(part) for part in ("3 problems</h1>", "Over all problems", "Performance profile by updates")
    ]
    places += [
        page.index("Performance profile by seconds"),
        page.index("<h2>cancer/mlp-1"),
        page.index("mine/bare</h2>"),
    ]
    assert places == sorted(places)
    assert page.count('class="number rank"') == 12
    text = page.replace("\u00a0", " ").replace("\u2011", "-")
    said = [overview.verdict(several), *overview.caveats(several)]
    assert all(part.replace("'", "&#39;") in text for part in (*said, overview.SCORE.replace("'", "&#39;")))
    assert all(words.verdict(one).replace("'", "&#39;") in text for one in several.comparisons)


def test_without_profiles_there_are_still_the_tables(several: Comparisons) -> None:
    page = html(Comparisons.of([several.comparisons[2]]))
    assert "Performance profile" not in page
    assert "has no target" in page
    assert page.count('class="number rank"') == 4


def test_what_is_missing_is_said(several: Comparisons) -> None:
    page = html(replace(several, comparisons=(), profiles=(), missing=(f"Interrupted before {HOSTILE}.",)))
    assert "This comparison is not complete." in page
    assert HOSTILE not in page


def test_hostile_names_stay_text(several: Comparisons) -> None:
    evil = replace(several.comparisons[0], problem=HOSTILE)
    assert HOSTILE not in html(Comparisons.of([evil, *several.comparisons[1:]]))
