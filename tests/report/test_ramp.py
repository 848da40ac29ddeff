"""A range test is shown with its suggestion and its cut."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import pytest

from thalweg.report.ramp import figure
from thalweg.report.seats import seats
from thalweg.sweep.range_test import RangeTest

SEAT = seats(["sgd"])["sgd"]


def test_every_update_and_the_running_mean_are_there(tested: RangeTest) -> None:
    spec = figure(tested, SEAT)
    raw, smoothed, ring = spec["data"]
    assert raw["x"] == smoothed["x"] == list(tested.rates)
    assert (raw["y"], smoothed["y"]) == (list(tested.losses), list(tested.smoothed))
    assert ring["x"] == [tested.suggestion]
    assert ring["y"][0] in tested.smoothed
    assert len(go.Figure(spec).data) == 3


def test_the_cut_is_shaded_up_to_the_end_of_the_axis(tested: RangeTest) -> None:
    assert tested.diverged
    spec = figure(tested, SEAT)
    (cut,) = (shape for shape in spec["layout"]["shapes"] if shape["type"] == "rect")
    assert cut["x0"] == tested.rates[-1]
    assert cut["x1"] == pytest.approx(10 ** spec["layout"]["xaxis"]["range"][1])
    whole = figure(replace(tested, diverged=False), SEAT)
    assert [shape["type"] for shape in whole["layout"]["shapes"]] == ["line", "line"]


def test_without_a_suggestion_there_is_none(tested: RangeTest) -> None:
    spec = figure(replace(tested, suggestion=None), SEAT)
    assert [trace["name"] for trace in spec["data"]] == ["every update", "smoothed"]
    assert spec["layout"]["annotations"] == []


def test_a_test_that_broke_down_at_once_has_no_figure(tested: RangeTest) -> None:
    assert figure(replace(tested, rates=(), losses=(), smoothed=(), suggestion=None), SEAT)["data"] == []
