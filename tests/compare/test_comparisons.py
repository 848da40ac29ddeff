"""Comparisons on several problems: one JSON object, one page of sentences, one table in the terminal."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from rich.console import Console

from thalweg.compare import overview
from thalweg.compare.comparisons import FORMAT, Comparisons, read
from thalweg.compare.profile import profiles
from thalweg.compare.result import Comparison
from thalweg.core.errors import InputError
from thalweg.core.plain import dumps

Build = Callable[..., Comparison]
INF = math.inf
UPDATES = {"adam": {"p": 100.0, "q": 1500.0}, "sgd": {"p": 200.0, "q": INF}}
SECONDS = {"adam": {"p": 3.0, "q": 90.0}, "sgd": {"p": 1.0, "q": INF}}


@pytest.fixture
def build(ranked: Build) -> Callable[..., Comparisons]:
    """Comparisons with the profiles of these costs."""

    def made(updates: Mapping[str, Mapping[str, float]] = UPDATES, seconds: object = None) -> Comparisons:
        base = ranked(("adam", 0.97, 1.0), ("sgd", 0.95, 0.001))
        names = [*next(iter(updates.values()), {})]
        drawn = [*profiles("updates", updates), *profiles("seconds", seconds or updates)]
        whole = tuple(replace(base, problem=name) for name in names)
        return Comparisons(comparisons=whole, profiles=tuple(drawn))

    return made


def printed(result: Comparisons, width: int) -> str:
    file = io.StringIO()
    result.show(Console(file=file, width=width, color_system=None))
    return file.getvalue()


def test_there_and_back_through_strict_json(build: Callable[..., Comparisons]) -> None:
    result = replace(build(), missing=("Interrupted before r.",))
    found = json.loads(dumps(result.to_json()))
    assert found["problems"] == ["p", "q"]
    assert found["profiles"][1]["costs"] == {"p": 200.0, "q": None}
    assert found["profiles"][1]["score"] == pytest.approx(1 / 3)
    assert read(found) == Comparisons.from_json(found) == result
    assert read(result.comparisons[0].to_json()) == result.comparisons[0]


@pytest.mark.parametrize("version", [FORMAT + 1, None])
def test_another_format_is_refused(build: Callable[..., Comparisons], version: int | None) -> None:
    with pytest.raises(InputError, match="another format"):
        Comparisons.from_json(build().to_json() | {"format": version})


def test_the_verdict_names_who_comes_first(build: Callable[..., Comparisons]) -> None:
    same = "Over 2 problems with a target, adam comes first, with a score of 1.00 by updates and 1.00 by seconds."
    assert overview.verdict(build()) == same
    tied = {"adam": {"p": 1.0}, "sgd": {"p": 1.0}}
    assert "adam and sgd come first" in overview.verdict(build(tied))
    by_seconds = replace(build(), profiles=(*profiles("updates", UPDATES), *reversed(profiles("seconds", FASTER))))
    said = "the best scores are 1.00 by updates (adam) and 1.00 by seconds (sgd)"
    assert said in overview.verdict(by_seconds)


FASTER = {"adam": {"p": 3.0, "q": 90.0}, "sgd": {"p": 1.0, "q": 2.0}}


def test_the_verdict_where_there_is_none(build: Callable[..., Comparisons], ranked: Build) -> None:
    never = {"adam": {"p": INF}, "sgd": {"p": INF}}
    assert overview.verdict(build(never)) == "No optimizer reached the target of any of 1 problem."
    bare = Comparisons.of([replace(ranked(("adam", 0.9, 1.0)), target=None)])
    assert overview.verdict(bare).startswith("No profile over 1 problem")
    assert overview.caveats(bare) == ["digits/mlp-1 has no target, and so no part in the profiles and scores."]


def test_caveats(build: Callable[..., Comparisons]) -> None:
    result = build({"adam": {"p": INF, "q": 1.0}})
    bare, cut = replace(result.comparisons[0], target=None), replace(result.comparisons[1], missing=("one",))
    said = overview.caveats(replace(result, comparisons=(bare, replace(cut, problem="r"))))
    assert said[0] == "p has no target, and so no part in the profiles and scores."
    assert said[1] == "r was not compared to its end, and has no part in the profiles and scores."
    assert said[2] == "No optimizer reached the target of p: that counts as unsolved for all."
    assert "steps of 1/2" in said[3]


def test_counts_and_costs_as_text(build: Callable[..., Comparisons]) -> None:
    adam, sgd = build().by("updates")
    assert (overview.solved(adam), overview.solved(sgd)) == ("2 of 2", "1 of 2")
    assert (overview.cheapest(adam), overview.cheapest(sgd)) == ("2 of 2", "0 of 2")
    assert [overview.cost(adam, "q"), overview.cost(sgd, "q")] == ["1,500", "not reached"]
    assert overview.cost(build(seconds=SECONDS).by("seconds")[0], "q") == "1 min 30 s"


@pytest.mark.parametrize("width", [80, 120])
def test_everything_is_printed_and_nothing_is_cut_off(width: int, build: Callable[..., Comparisons]) -> None:
    result = replace(build(), missing=("Interrupted before [red]r[/red].",))
    text = printed(result, width)
    flat = " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    assert flat.count("95 % interval") >= 2
    for part in (overview.verdict(result), overview.DEFINITION, overview.SCORE, *overview.caveats(result)):
        assert part in flat
    assert "adam 1.00 1.00 2 of 2 2 of 2" in flat
    assert "! Interrupted before [red]r[/red]." in flat
