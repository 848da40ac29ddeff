"""The pages of sweeps and range tests as text: the verdict first, refusals plain, every trial, nothing broken."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any, NoReturn

import pytest

import thalweg as tw
from thalweg.core.plain import dumps
from thalweg.report.page import html
from thalweg.sweep import words
from thalweg.sweep.range_test import RangeTest
from thalweg.sweep.result import SweepResult

HOSTILE = "<script>alert(1)</script>"
EVERY = ["swept", "wide", "broken", "refused"]


def prose(page: str) -> str:
    """Return what a reader sees, without markup, scripts and styles."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())


def plain(text: str) -> str:
    """Return a sentence as `prose` has it: code without its marks, which leave a space."""
    return " ".join(text.replace("`", " ").split())


def specs(page: str) -> dict[str, dict[str, Any]]:
    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    found = re.findall(r'<script type="application/json" data-for="([\w-]+)">(.*?)</script>', page, re.DOTALL)
    return {name: json.loads(text, parse_constant=refuse) for name, text in found}


def test_the_page_says_everything_in_order(swept: SweepResult) -> None:
    text = prose(html(swept))
    order = [words.verdict(swept), words.basin(swept), *map(plain, words.caveats(swept)), "Settings"]
    order += ["What mattered", "Curves", "Every trial", "What it cost", words.cost(swept), "How it was done"]
    order += [swept.environment.command, swept.environment.torch]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize("name", EVERY)
def test_no_figure_is_missing_and_no_number_is_none(name: str, request: pytest.FixtureRequest) -> None:
    result: SweepResult = request.getfixturevalue(name)
    page = html(result)
    slices = {f"slice-{name}" for name in result.space.names} - {"slice-lr", "slice-optimizer"}
    assert specs(page).keys() == {"response", "bracket", *slices}
    assert not re.search(r"\b(nan|inf|none|null)\b", prose(page), re.IGNORECASE)
    assert page.count("* plotly.js v") == 1


@pytest.mark.parametrize("name", EVERY)
def test_a_file_gives_the_same_page(name: str, request: pytest.FixtureRequest) -> None:
    result: SweepResult = request.getfixturevalue(name)
    assert html(SweepResult.from_json(json.loads(dumps(result.to_json())))) == html(result)


def test_a_single_seed_has_no_interval_in_a_file_either(swept: SweepResult) -> None:
    assert swept.band
    single = replace(swept, seeds=(1,), band=replace(swept.band, low=math.nan, high=math.nan, n=1))
    assert html(SweepResult.from_json(json.loads(dumps(single.to_json())))) == html(single)
    assert "a single fresh seed" in prose(html(single))


def test_every_trial_can_be_copied_and_so_can_the_best(wide: SweepResult) -> None:
    copied = [unescape(text) for text in re.findall(r'data-copies="([^"]*)"', html(wide))]
    made = [eval(text, {"tw": tw}) for text in copied]
    assert made[0] == wide.recommendation
    assert sorted(map(str, made[1:])) == sorted(str(trial.config) for trial in wide.trials)


def test_a_refusal_is_said_plainly(refused: SweepResult) -> None:
    page = html(refused)
    text = prose(page)
    assert "the optimum lies at the edge of your range" in text
    assert "There is no recommendation." in text
    assert f"Advice: {refused.advice}." in text
    assert 'class="code"' not in page


def test_one_setting_has_no_bars(refused: SweepResult, wide: SweepResult) -> None:
    assert "What mattered" not in prose(html(refused))
    assert html(wide).count('class="bar"') == len(wide.importance or ())


def test_ranges_of_every_optimizer_are_listed(wide: SweepResult) -> None:
    text = prose(html(wide))
    assert "15, 30" in text
    assert "1e-5 to 0.01, log scale" in text
    assert "after 3 epochs, and only the best went on" in text


def test_trials_that_diverged_are_named(broken: SweepResult) -> None:
    text = prose(html(broken))
    assert text.count("Validation loss Epochs") == text.count("lr Validation loss") == 1
    assert "5 of 9 trials diverged or failed." in text
    assert "At the shaded rates every trial diverged." in text


def test_an_interrupted_sweep_shows_what_it_has(swept: SweepResult) -> None:
    said = "Interrupted after 5 of 12 trials, before a best was sure."
    cut = replace(
        swept,
        trials=swept.trials[:5],
        finals=(),
        recommendation=None,
        refusal=said,
        band=None,
        basin=None,
        importance=None,
        missing=(said,),
    )
    page = html(cut)
    assert "This sweep is not complete." in prose(page)
    assert "There is no recommendation." not in prose(page)
    assert specs(page).keys() == {"response", "bracket"}
    nothing = html(replace(cut, trials=(), stops=()))
    assert specs(nothing) == {}
    assert "How it was done" in prose(nothing)


def test_hostile_names_stay_text(swept: SweepResult, tested: RangeTest) -> None:
    trials = tuple(replace(trial, name=HOSTILE) for trial in swept.trials)
    for page in (
        html(replace(swept, problem=HOSTILE, missing=(f"`{HOSTILE}`",), trials=trials)),
        html(replace(tested, problem=HOSTILE, limits=(f"`{HOSTILE}`",))),
    ):
        assert HOSTILE not in page
        assert HOSTILE in prose(page)


def test_a_range_test_has_its_page(tested: RangeTest) -> None:
    page = html(tested)
    text = prose(page)
    assert words.suggestion(tested) in text
    assert all(plain(sentence) in text for sentence in tested.limits)
    assert specs(page).keys() == {"ramp"}


def test_a_range_test_of_nothing_is_still_a_page(tested: RangeTest) -> None:
    page = html(replace(tested, rates=(), losses=(), smoothed=(), suggestion=None))
    assert "there is no curve" in prose(page)
    assert specs(page) == {}


def test_the_door_takes_both(tmp_path: Path, swept: SweepResult, tested: RangeTest) -> None:
    for name, result in (("sweep", swept), ("test", tested)):
        assert tw.report(result, tmp_path / f"{name}.html") == tmp_path / f"{name}.html"
