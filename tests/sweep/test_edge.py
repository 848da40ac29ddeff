"""An optimum at the end of its range is noticed; one that is bracketed, or cannot go further, is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from thalweg.core.config import Config
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
) -> list[Edge]:
    space = Space.of(["momentum"], ranges)
    trials: list[Trial] = []
    for i, point in enumerate(points):
        config = space.config(point, Config())
        trials.append(
            trial(name=f"trial-{i}", config=config, point=space.point(config), values=space.values(config))
        )
    return edges(trials[best], trials, space, worse)


def line(*places: float) -> list[tuple[float, ...]]:
    return [(place,) for place in places]


@pytest.mark.parametrize(
    ("best", "end", "wider"), [(0, "low", (1e-6, 1)), (3, "high", (1e-5, 10)), (1, None, None), (2, None, None)]
)
def test_the_first_and_last_rate_are_edges(best: int, end: str | None, wider: Any, trial: Make) -> None:
    edge = found({"lr": log(1e-5, 1)}, line(0.02, 0.4, 0.6, 0.97), best, trial)
    assert [one.end for one in edge] == ([end] if end else [])
    assert all(one.wider == pytest.approx(wider) and one.refuses for one in edge)


def test_a_rate_near_the_end_is_one_unless_something_worse_lies_beyond(trial: Make) -> None:
    ranges, points = {"lr": log(1e-5, 1)}, line(0.3, 0.95, 0.99)
    assert found(ranges, points, 1, trial, worse=lambda t: False)[0].end == "high"
    assert found(ranges, points, 1, trial, worse=lambda t: True) == []
    assert found(ranges, line(0.3, 0.7, 0.99), 1, trial, worse=lambda t: False) == []


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
