"""An optimum at the end of its range is noticed; one that is bracketed, or cannot go further, is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from thalweg.core.config import Config
from thalweg.core.run import Outcome
from thalweg.sweep.dimensions import Dimension, choice, integers, log, uniform
from thalweg.sweep.edge import Edge, edges
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

Make = Callable[..., Trial]


def found(
    ranges: Mapping[str, Dimension],
    points: list[tuple[float, ...]],
    best: int,
    trial: Make,
    worse: Any = lambda t: True,
    changed: Mapping[int, dict[str, Any]] | None = None,
) -> list[Edge]:
    space = Space.of(["momentum"], ranges)
    trials: list[Trial] = []
    for i, point in enumerate(points):
        config = space.config(point, Config())
        known = {"name": f"trial-{i}", "point": space.point(config), "values": space.values(config)}
        trials.append(trial(config=config, **known, **(changed or {}).get(i, {})))
    return edges(trials[best], trials, space, worse)


def line(*places: float) -> list[tuple[float, ...]]:
    return [(place,) for place in places]


@pytest.mark.parametrize(
    ("best", "end", "wider"), [(0, "low", (1e-6, 1)), (3, "high", (1e-5, 10)), (1, None, None), (2, None, None)]
)
def test_a_rate_at_the_end_of_its_range_is_an_edge(best: int, end: str | None, wider: Any, trial: Make) -> None:
    edge = found({"lr": log(1e-5, 1)}, line(0.02, 0.4, 0.6, 0.97), best, trial)
    assert [one.end for one in edge] == ([end] if end else [])
    assert all(one.wider == pytest.approx(wider) and one.refuses and not one.untried for one in edge)


def test_a_rate_near_the_end_is_one_unless_something_worse_lies_beyond(trial: Make) -> None:
    ranges, points = {"lr": log(1e-5, 1)}, line(0.3, 0.95, 0.99)
    assert found(ranges, points, 1, trial, worse=lambda t: False)[0].end == "high"
    assert found(ranges, points, 1, trial, worse=lambda t: True) == []
    assert found(ranges, line(0.3, 0.7, 0.99), 1, trial, worse=lambda t: False) == []


@pytest.mark.parametrize("lost", [{"outcome": Outcome.DIVERGED}, {"outcome": Outcome.FAILED}, {"fraction": 0.25}])
def test_what_broke_down_or_was_screened_out_beyond_is_worse(lost: dict[str, Any], trial: Make) -> None:
    ranges, points = {"lr": log(1e-5, 1)}, line(0.3, 0.95, 0.99)
    assert found(ranges, points, 1, trial, worse=lambda t: False, changed={2: lost}) == []
    assert found(ranges, points, 1, trial, worse=lambda t: False, changed={0: lost})[0].refuses


@pytest.mark.parametrize(("best", "end"), [(0, "low"), (2, "high")])
def test_the_last_that_was_tried_refuses_nothing_while_the_range_goes_on(best: int, end: str, trial: Make) -> None:
    (edge,) = found({"lr": log(1e-5, 1)}, line(0.2, 0.5, 0.8), best, trial)
    assert (edge.end, edge.untried, edge.refuses) == (end, True, False)
    assert edge.wider == (edge.low, edge.high) == (1e-5, 1)


def test_an_end_of_the_range_goes_before_an_end_of_what_was_tried(trial: Make) -> None:
    (edge,) = found({"lr": log(1e-5, 1)}, line(0.92, 0.95, 0.99), 0, trial, worse=lambda t: False)
    assert (edge.end, edge.untried, edge.refuses) == ("high", False, True)


def test_where_a_setting_ends_its_range_may_end(trial: Make) -> None:
    ranges: dict[str, Dimension] = {"lr": log(1e-5, 1), "momentum": uniform(0, 0.9)}
    points = [(0.5, 0.01), (0.2, 0.5), (0.8, 0.99)]
    assert found(ranges, points, 0, trial) == []
    (edge,) = found(ranges, [(0.5, 0.99), (0.2, 0.5), (0.8, 0.1)], 0, trial)
    assert (edge.name, edge.end, edge.refuses) == ("momentum", "high", False)
    assert edge.wider == pytest.approx((0, 0.95))


def test_counts_and_choices(trial: Make) -> None:
    ranges: dict[str, Dimension] = {
        "lr": log(1e-5, 1),
        "batch_size": integers(1, 9),
        "schedule": choice("constant", "step"),
    }
    points = [(0.5, 0.01, 0.2), (0.2, 0.5, 0.8), (0.8, 0.99, 0.2)]
    assert found(ranges, points, 0, trial) == []
    (edge,) = found(ranges, [points[1], (0.5, 0.99, 0.8), (0.8, 0.1, 0.1)], 1, trial)
    assert (edge.name, edge.value, edge.wider) == ("batch_size", 9, (1, 13))


@pytest.mark.parametrize(("place", "untried"), [(0.99, False), (0.6, True)])
def test_the_highest_of_few_whole_numbers_is_the_end(place: float, untried: bool, trial: Make) -> None:
    ranges: dict[str, Dimension] = {"lr": log(1e-5, 1), "batch_size": integers(1, 4)}
    (edge,) = found(ranges, [(0.5, place), (0.2, 0.1), (0.8, 0.3)], 0, trial)
    assert (edge.name, edge.untried) == ("batch_size", untried)


@pytest.mark.parametrize(
    ("name", "dimension", "low", "high"),
    [
        ("dropout", uniform(0, 0.5), None, (0, 0.75)),
        ("dropout", uniform(0.5, 0.9), (0.3, 0.9), (0.5, 0.95)),
        ("label_smoothing", uniform(0.5, 1), (0.25, 1), None),
        ("max_norm", log(0.1, 10), (0.01, 10), (0.1, 100)),
    ],
)
def test_numbers_of_a_config_go_as_far_as_they_may(
    name: str, dimension: Dimension, low: Any, high: Any, trial: Make
) -> None:
    ranges: dict[str, Dimension] = {"lr": log(1e-5, 1), name: dimension}
    for here, wider in ((0.0, low), (1.0, high)):
        edge = found(ranges, [(0.5, here), (0.2, 0.5), (0.8, 0.4)], 0, trial)
        assert [one.wider for one in edge] == ([pytest.approx(wider)] if wider else [])


def test_a_single_value_has_no_edge(trial: Make) -> None:
    assert found({"lr": log(1e-5, 1)}, line(0.99), 0, trial) == []
