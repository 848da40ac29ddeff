"""The page as text: whole, safe, honest about what is missing, and there or not there at all."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

import pytest

from thalweg.compare import words
from thalweg.compare.result import Comparison
from thalweg.core.errors import InputTypeError, OutputError
from thalweg.core.run import Outcome, Run
from thalweg.report import write
from thalweg.report.page import html

HOSTILE = "<script>alert(1)</script>"
NAN = math.nan


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def prose(page: str) -> str:
    """Return what a reader sees, without markup, scripts and styles."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").replace("\u2011", "-").split())


def specs(page: str) -> list[dict[str, Any]]:
    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    texts = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    return [json.loads(text, parse_constant=refuse) for text in texts]


def test_the_page_says_everything_in_order(comparison: Comparison) -> None:
    text = prose(html(comparison))
    order = [words.verdict(comparison), words.caveats(comparison)[0], "Ranking", "Learning curves", "Sensitivity"]
    order += ["Every trial", "How it was done", comparison.environment.command, comparison.environment.torch]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_every_optimizer_has_its_row_and_every_trial_too(comparison: Comparison) -> None:
    page = html(comparison)
    assert page.count('class="number rank"') == len(comparison.ranking) == 8
    assert page.count('<td data-value="sgd">') == 16
    assert len(re.findall(r'<td data-value="[\w-]+">', page)) == len(comparison.trials)


def test_plotly_is_there_once_and_nothing_is_loaded(comparison: Comparison) -> None:
    page = html(comparison)
    assert page.count("* plotly.js v") == 1
    loaded = [
        (tag, name)
        for tag, attributes in Tags(page).found
        for name in ("src", "href", "action", "data", "poster")
        if name in attributes
    ]
    assert loaded == []


def test_edge_of_range_and_lost_trials_are_flagged(comparison: Comparison) -> None:
    assert any(standing.edge_of_range == "high" for standing in comparison.ranking)
    text = prose(html(comparison))
    assert "highest tried, see above" in text
    lost = next(standing.diverged for standing in comparison.ranking if standing.diverged)
    assert f"{lost} of 16 trials diverged" in text


def test_hostile_names_stay_text(comparison: Comparison) -> None:
    evil = replace(
        comparison,
        problem=HOSTILE,
        missing=(HOSTILE,),
        metric="accuracy</script><img src=x onerror=alert(1)>",
        environment=replace(comparison.environment, command=HOSTILE),
        finals=(),
    )
    evil = replace(evil, trials=tuple(rename(run, evil.metric) for run in evil.trials))
    page = html(evil)
    assert HOSTILE not in page
    assert HOSTILE in prose(page)
    assert "img" not in {tag for tag, _ in Tags(page).found}
    assert len(specs(page)) == 1


def rename(run: Run, metric: str) -> Run:
    config = run.config.replace(optimizer=f"{run.config.optimizer}<b>")
    return replace(run, config=config, problem=HOSTILE, valid={metric: 0.5, "loss": 0.1})


def test_nan_and_infinity_are_never_shown(comparison: Comparison) -> None:
    assert any(run.outcome is Outcome.DIVERGED for run in comparison.trials)
    page = html(comparison)
    assert not re.search(r"\b(nan|inf|none|null)\b", prose(page), re.IGNORECASE)
    assert len(specs(page)) == 3


def test_one_seed_has_curves_but_no_interval(smaller: Callable[..., Comparison]) -> None:
    page = html(smaller(seeds=(1,), names=("sgd", "adam")))
    assert "A single seed gives no interval" in prose(page)
    assert not re.search(r"\bnan\b", prose(page), re.IGNORECASE)
    assert [len(spec["data"]) for spec in specs(page)][:2] == [2, 2]


def test_without_a_target_there_is_no_target(comparison: Comparison) -> None:
    page = html(replace(comparison, target=None))
    assert "target" not in prose(page)
    assert all("shapes" not in spec["layout"] for spec in specs(page)[:2])


def test_one_optimizer_has_no_legend(smaller: Callable[..., Comparison]) -> None:
    page = html(smaller(names=("adam",)))
    assert "the only one that was ranked" in prose(page)
    assert "data-line=" not in page


def test_an_interrupted_comparison_shows_what_it_has(comparison: Comparison) -> None:
    left_out = ("No final run was started.", "adam: 9 of 16 trials were not run.")
    cut = replace(comparison, ranking=(), pairs=(), finals=(), trials=comparison.trials[:30], missing=left_out)
    page = html(cut)
    text = prose(page)
    assert "This comparison is not complete." in text
    assert all(sentence in text for sentence in left_out)
    assert "No verdict" in text
    assert "Ranking" not in text
    assert "there are no curves" in text
    assert "the test split was not touched" in text
    assert len(specs(page)) == 1


def test_a_comparison_of_nothing_is_still_a_page(comparison: Comparison) -> None:
    page = html(replace(comparison, ranking=(), pairs=(), finals=(), trials=(), seeds=()))
    assert specs(page) == []
    assert "How it was done" in prose(page)


def test_a_page_without_a_test_split_says_so(comparison: Comparison) -> None:
    text = prose(html(replace(comparison, tested_on="valid")))
    assert "optimistic" in text
    assert "only these runs touched" not in text


def test_a_metric_that_should_be_small_has_a_log_axis(comparison: Comparison) -> None:
    page = html(replace(comparison, metric="loss", higher_is_better=False, target=0.2))
    assert specs(page)[0]["layout"]["yaxis"]["type"] == "log"
    assert "0.2000 validation" in prose(page)


def test_a_single_run_has_its_own_page(comparison: Comparison) -> None:
    run = comparison.finals[0]
    page = html(run)
    text = prose(page)
    assert [len(spec["data"]) for spec in specs(page)] == [1, 2]
    assert words.amount("accuracy", (run.test or {})["accuracy"]) in text
    assert str(run.config.hyper["lr"]) in text
    assert "Outcome: completed; ran to its last epoch." in text


def test_a_run_that_diverged_at_once_still_has_a_page(comparison: Comparison) -> None:
    run = next(run for run in comparison.trials if run.outcome is Outcome.DIVERGED)
    text = prose(html(replace(run, epochs=(), valid={"loss": NAN, "accuracy": NAN})))
    assert "there is no curve" in text
    assert run.message in text
    assert "lower the learning rate" in text
    assert "not touched" in text


def test_write_replaces_the_file_and_leaves_no_draft(tmp_path: Path, comparison: Comparison) -> None:
    place = tmp_path / "report.html"
    place.write_text("old")
    assert write(comparison.finals[0], place) == place
    assert place.read_text("utf-8").startswith("<!doctype html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_write_returns_an_absolute_path(
    tmp_path: Path, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write(comparison.finals[0], "run.html") == tmp_path / "run.html"


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path, comparison: Comparison) -> None:
    with pytest.raises(OutputError, match="cannot be written") as caught:
        write(comparison, tmp_path / "nowhere" / "report.html")
    assert str(tmp_path / "nowhere") in str(caught.value.remedy)
    assert [file.name for file in tmp_path.iterdir()] == []


def test_a_folder_or_a_path_through_a_file_is_an_error(tmp_path: Path, comparison: Comparison) -> None:
    with pytest.raises(OutputError) as caught:
        write(comparison, tmp_path)
    assert "that is a folder" in str(caught.value)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError):
        write(comparison, tmp_path / "file" / "report.html")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into a read-only folder")
def test_a_read_only_folder_is_an_error(tmp_path: Path, comparison: Comparison) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        write(comparison, tmp_path / "report.html")
    assert "Permission denied" in str(caught.value)


def test_a_write_that_fails_keeps_the_old_file(
    tmp_path: Path, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "report.html").write_text("old")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputError) as caught:
        write(comparison, tmp_path / "report.html")
    assert "a folder that you may write to" in str(caught.value)
    assert (tmp_path / "report.html").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_result_of_another_kind_is_an_error() -> None:
    not_a_result: Any = {"ranking": []}
    with pytest.raises(InputTypeError, match="no page"):
        html(not_a_result)
