"""The bracket shows where every trial ended, and how many passed each stop."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from thalweg.core.run import Outcome
from thalweg.report.bracket import figure, passed
from thalweg.report.cloud import leader
from thalweg.report.seats import seats
from thalweg.sweep.result import SweepResult


def drawn(result: SweepResult) -> dict[str, Any]:
    return figure(result, seats(result.space.optimizers))


def test_every_trial_has_its_curve(swept: SweepResult) -> None:
    spec = drawn(swept)
    curves = [trace for trace in spec["data"] if trace["mode"] == "lines+markers"]
    ends = sorted((trace["name"], trace["x"][-1], round(1 - trace["y"][-1], 9)) for trace in curves)
    assert ends == sorted((t.config.optimizer, t.epochs, round(t.curve[-1], 9)) for t in swept.trials)
    assert len(go.Figure(spec).data) == len(spec["data"])


def test_survivors_are_thick_and_lie_on_top(swept: SweepResult) -> None:
    widths = [trace["line"]["width"] for trace in drawn(swept)["data"] if trace["mode"] == "lines+markers"]
    assert widths == sorted(widths)
    assert widths.count(2.5) == sum(trial.is_whole for trial in swept.trials)


def test_stops_are_marked_with_who_went_on(swept: SweepResult) -> None:
    (stop,) = {stop for stops in swept.stops for stop in stops}
    went_on = sum(trial.epochs > stop for trial in swept.trials)
    assert passed(swept) == {stop: (went_on, len(swept.trials))}
    layout = drawn(swept)["layout"]
    assert [shape["x0"] for shape in layout["shapes"]] == [stop]
    assert [(note["text"], note["x"]) for note in layout["annotations"]] == [
        (f"{went_on} of {len(swept.trials)}", pytest.approx(math.log10(stop)))
    ]


def test_without_halving_there_are_no_stops(refused: SweepResult) -> None:
    layout = drawn(refused)["layout"]
    assert (layout["shapes"], layout["annotations"]) == ([], [])


def test_the_ring_is_round_the_end_of_the_best(swept: SweepResult) -> None:
    best, ring = leader(swept), drawn(swept)["data"][-1]
    assert best
    assert (ring["x"], ring["y"]) == ([best.epochs], [pytest.approx(1 - best.metric)])


def test_one_that_broke_down_ends_in_a_cross(broken: SweepResult) -> None:
    trial = replace(broken.trials[0], curve=(40.0, 900.0), outcome=Outcome.DIVERGED, metric=math.nan)
    (curve, *_) = drawn(replace(broken, trials=(trial,)))["data"]
    assert curve["marker"]["symbol"] == "x-thin-open"
    assert curve["y"] == [40.0, 900.0]


def test_what_broke_down_sets_no_scale_and_came_to_no_stop(broken: SweepResult) -> None:
    lost = replace(broken.trials[0], curve=(1e30,), epochs=1, outcome=Outcome.DIVERGED, metric=math.nan)
    more = replace(broken, trials=(*broken.trials, lost))
    assert drawn(more)["layout"]["yaxis"] == drawn(broken)["layout"]["yaxis"]
    assert passed(more) == passed(broken)
    assert all(came < len(broken.trials) for _, came in passed(broken).values())


def test_trials_on_a_part_of_the_data_or_without_an_epoch_are_left_out(swept: SweepResult) -> None:
    part, bare = (replace(swept.trials[0], **change) for change in ({"fraction": 0.2}, {"curve": ()}))
    assert drawn(replace(swept, trials=(part, bare)))["data"] == []
