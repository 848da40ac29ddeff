"""Every trial of a sweep stands at its learning rate, and what is sure stands beside it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from thalweg.report import strip
from thalweg.report.cloud import is_scored, leader
from thalweg.report.response import common_epoch, diverged_from, figure, rated
from thalweg.report.seats import seats
from thalweg.sweep.result import SweepResult


def drawn(result: SweepResult) -> dict[str, Any]:
    return figure(result, seats(result.space.optimizers))


def points(spec: dict[str, Any]) -> list[float]:
    """The rates of all points and crosses, without ring, line and bar."""
    said = [t for t in spec["data"] if "text" in t and t["mode"] == "markers"]
    return [x for trace in said for x in trace["x"]]


def fills(spec: dict[str, Any], colour: str) -> list[tuple[float, float, str]]:
    own = [shape for shape in spec["layout"]["shapes"] if shape["fillcolor"] == colour]
    return [(shape["x0"], shape["x1"], shape["yref"]) for shape in own]


@pytest.mark.parametrize("name", ["swept", "wide", "broken", "refused"])
def test_every_trial_is_shown_once(name: str, request: pytest.FixtureRequest) -> None:
    result: SweepResult = request.getfixturevalue(name)
    spec = drawn(result)
    assert sorted(points(spec)) == sorted(trial.config.hyper["lr"] for trial in result.trials)
    assert len(go.Figure(spec).data) == len(spec["data"])


def test_filled_points_are_the_trials_that_came_to_their_end(swept: SweepResult) -> None:
    clouds = [t for t in drawn(swept)["data"] if "text" in t and t["mode"] == "markers"]
    filled = [x for trace in clouds if not trace["marker"]["symbol"].endswith("open") for x in trace["x"]]
    assert sorted(filled) == sorted(trial.config.hyper["lr"] for trial in swept.trials if trial.is_whole)


def test_the_line_joins_scores_at_one_epoch(swept: SweepResult) -> None:
    epoch = common_epoch(swept.trials)
    assert epoch == swept.stops[0][0] == min(trial.epochs for trial in swept.trials)
    (line,) = (t for t in drawn(swept)["data"] if t["mode"] == "lines" and t["name"] == "sgd")
    own = rated(swept, "sgd")
    assert line["x"] == [trial.config.hyper["lr"] for trial in own]
    assert line["y"] == pytest.approx([1 - trial.at(epoch) for trial in own])


def test_with_more_settings_there_is_no_line(wide: SweepResult) -> None:
    assert [t for t in drawn(wide)["data"] if t["mode"] == "lines"] == []


def test_the_bar_beside_the_best_is_its_interval(wide: SweepResult) -> None:
    best = leader(wide)
    assert best
    assert wide.band
    bar = next(t for t in drawn(wide)["data"] if t["mode"] == "lines+markers" and len(t["x"]) == 3)
    assert bar["x"] == [best.config.hyper["lr"]] * 3
    assert bar["y"] == pytest.approx([1 - end for end in (wide.band.low, wide.band.mean, wide.band.high)])


def test_a_single_seed_has_a_mean_and_no_interval(swept: SweepResult) -> None:
    assert swept.band
    single = replace(swept, seeds=(1,), band=replace(swept.band, low=math.nan, high=math.nan, n=1))
    bar = next(t for t in drawn(single)["data"] if t["mode"] == "lines+markers" and len(t["x"]) == 3)
    assert bar["y"] == pytest.approx([1 - swept.band.mean] * 3)
    assert "interval" not in bar["text"]


def test_the_basin_is_marked_behind_the_best_and_in_its_row(swept: SweepResult) -> None:
    assert swept.basin
    (band,) = fills(drawn(swept), "var(--basin)")
    assert band == (swept.basin.low, swept.basin.high, "paper")
    colour = seats(["sgd"])["sgd"].colour
    assert fills(drawn(swept), colour) == [(swept.basin.low, swept.basin.high, "y2")]


def test_rates_from_which_on_all_diverged_are_shaded(broken: SweepResult) -> None:
    lost = [trial.config.hyper["lr"] for trial in broken.trials if not is_scored(trial)]
    kept = [trial.config.hyper["lr"] for trial in broken.trials if is_scored(trial)]
    first = diverged_from(broken.trials)
    assert first == min(lost) > max(kept)
    spec = drawn(broken)
    end = 10 ** spec["layout"]["xaxis"]["range"][1]
    assert sorted(fills(spec, "var(--warn-zone)")) == [(first, end, "paper"), (first, end, "y2")]
    crosses = next(t for t in spec["data"] if t.get("marker", {}).get("symbol") == "x-thin-open")
    assert sorted(crosses["x"]) == sorted(lost)


def test_one_that_diverged_below_one_that_did_not_shades_nothing(broken: SweepResult) -> None:
    ordered = rated(broken, "momentum")
    assert diverged_from(ordered[-1:] + ordered[:1]) == ordered[-1].config.hyper["lr"]
    mixed = [replace(ordered[-1], config=ordered[0].config), replace(ordered[0], config=ordered[-1].config)]
    assert diverged_from(mixed) is None


def test_the_ends_of_every_search_are_in_view(swept: SweepResult) -> None:
    low, high = (10**end for end in drawn(swept)["layout"]["xaxis"]["range"])
    for own in swept.space.ranges.values():
        assert low < own["lr"].extremes[0] < own["lr"].extremes[1] < high


def test_without_a_searched_rate_there_is_no_figure(swept: SweepResult) -> None:
    bare = tuple(replace(trial, values={}) for trial in swept.trials)
    assert drawn(replace(swept, trials=bare))["data"] == []


def test_the_strip_grows_with_its_rows_up_to_a_quarter() -> None:
    heights = [strip.height(rows) for rows in (1, 2, 8, 30)]
    assert heights == sorted(heights)
    assert heights[0] < 0.1 < heights[-1] <= 0.26
