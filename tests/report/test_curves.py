"""Curves are the mean over seeds, within the band of the seeds, and leave out what is not finite."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from thalweg.compare.result import Comparison
from thalweg.core.run import Run
from thalweg.report.curves import Point, average, figure
from thalweg.report.seats import seats


def adam(comparison: Comparison) -> list[Run]:
    return [run for run in comparison.finals if run.config.optimizer == "adam"]


def test_mean_and_band_are_those_of_the_seeds(comparison: Comparison) -> None:
    runs = adam(comparison)
    points = average(runs, lambda epoch: epoch.valid["accuracy"])
    table = np.array([[epoch.valid["accuracy"] for epoch in run.epochs] for run in runs])
    np.testing.assert_allclose([point.mean for point in points], table.mean(axis=0), rtol=1e-12)
    assert [point.low for point in points] == table.min(axis=0).tolist()
    assert [point.high for point in points] == table.max(axis=0).tolist()
    assert [point.step for point in points] == [epoch.step for epoch in runs[0].epochs]


def test_epochs_without_a_finite_value_are_left_out(comparison: Comparison) -> None:
    points = average(adam(comparison), lambda epoch: epoch.train_loss)
    assert points[0].step > 0
    assert all(math.isfinite(point.mean) for point in points)


def test_a_seed_that_stops_counts_until_it_does(comparison: Comparison) -> None:
    whole, cut, *_ = adam(comparison)
    points = average([whole, replace(cut, epochs=cut.epochs[:3])], lambda epoch: epoch.valid["accuracy"])
    assert len(points) == len(whole.epochs)
    assert points[1].low < points[1].high
    assert points[-1].low == points[-1].high == whole.epochs[-1].valid["accuracy"]


def test_the_target_is_marked_where_its_value_is_placed() -> None:
    points = [Point(0, 0.1, 0.1, 0.1), Point(10, 0.9, 0.8, 0.95)]
    spec = figure({"sgd": points}, seats(["sgd"]), metric="accuracy", title="", higher_is_better=True, target=0.99)
    assert spec["layout"]["shapes"][0]["y0"] == spec["layout"]["shapes"][0]["y1"]
    np.testing.assert_allclose(spec["layout"]["shapes"][0]["y0"], 0.01)
    np.testing.assert_allclose(spec["layout"]["annotations"][0]["y"], -2.0)
    assert spec["layout"]["annotations"][0]["text"] == "target 99.0 %"


def test_a_target_between_ticks_is_inside_the_axis() -> None:
    spec = figure(
        {"sgd": [Point(0, 0.1, 0.1, 0.1), Point(9, 0.5, 0.5, 0.5)]},
        seats(["sgd"]),
        metric="accuracy",
        title="",
        higher_is_better=True,
        target=0.99,
    )
    worst, best = spec["layout"]["yaxis"]["range"]
    assert best < -2.0 < worst


def test_plotly_takes_the_specification(comparison: Comparison) -> None:
    points = average(adam(comparison), lambda epoch: epoch.valid["accuracy"])
    spec = figure(
        {"adam": points}, seats(["adam"]), metric="accuracy", title="", higher_is_better=True, target=0.9
    )
    assert len(go.Figure(spec).data) == 2


def test_no_point_is_no_trace() -> None:
    assert figure({"adam": []}, seats(["adam"]), metric="loss", title="loss")["data"] == []
