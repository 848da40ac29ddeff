"""A slice places every trial that has the setting, on the scale it was searched on."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from thalweg.report.cloud import is_scored
from thalweg.report.seats import seats
from thalweg.report.slices import figure, sliced
from thalweg.sweep.result import SweepResult


def drawn(result: SweepResult, name: str) -> dict[str, Any]:
    return figure(result, name, seats(result.space.optimizers))


def points(spec: dict[str, Any]) -> list[float]:
    return [x for trace in spec["data"] if "text" in trace for x in trace["x"]]


def test_the_learning_rate_has_no_slice(swept: SweepResult, wide: SweepResult) -> None:
    assert sliced(swept) == []
    assert set(sliced(wide)) == {"batch_size", "schedule", "momentum", "beta1", "weight_decay"}


@pytest.mark.parametrize("name", ["momentum", "weight_decay", "beta1"])
def test_a_number_lies_at_its_value(name: str, wide: SweepResult) -> None:
    spec = drawn(wide, name)
    own = [trial.values[name] for trial in wide.trials if name in trial.values and is_scored(trial)]
    assert sorted(points(spec)) == sorted(own)
    assert (spec["layout"]["xaxis"].get("type") == "log") == (name == "weight_decay")
    assert len(go.Figure(spec).data) == len(spec["data"])


@pytest.mark.parametrize(("name", "texts"), [("batch_size", ["15", "30"]), ("schedule", ["constant", "linear"])])
def test_a_choice_lies_about_its_mark(name: str, texts: list[str], wide: SweepResult) -> None:
    spec = drawn(wide, name)
    axis = spec["layout"]["xaxis"]
    assert axis["ticktext"] == texts
    found = sorted(texts[round(x)] for x in points(spec))
    assert found == sorted(str(trial.values[name]) for trial in wide.trials)
    assert len(set(points(spec))) == len(wide.trials)


def test_a_setting_of_one_optimizer_shows_that_one(wide: SweepResult) -> None:
    assert {trace["name"] for trace in drawn(wide, "beta1")["data"]} == {"adam"}


def test_a_setting_that_no_trial_has_gives_no_figure(swept: SweepResult) -> None:
    assert drawn(swept, "momentum")["data"] == []
