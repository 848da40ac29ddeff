"""The grid is every combination, as fine as the trials allow, with the ends of ranges in it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.grid import grid
from thalweg.sweep.space import Space


def test_deepobs_grid_is_36_log_spaced_rates() -> None:
    space = Space.of(["sgd"], {"lr": log(1e-5, 1e2)})
    rates = [space.config(point, Config()).hyper["lr"] for point in grid(space, 36)]
    assert rates == pytest.approx([10 ** (-5 + 7 * i / 35) for i in range(36)])


@given(st.integers(6, 400))
def test_it_is_a_full_product_and_the_largest_that_fits(trials: int) -> None:
    space = Space.of(
        ["momentum", "sgd"],
        {"lr": log(1e-3, 1), "momentum": uniform(0, 0.9), "schedule": choice("constant", "step", "linear")},
    )
    points = grid(space, trials)
    axes = [sorted(set(axis)) for axis in zip(*points, strict=True)]
    assert sorted(points) == sorted(product(*axes))
    levels = {name: len(axis) for name, axis in zip(space.names, axes, strict=True)}
    assert (levels["optimizer"], levels["schedule"]) == (2, 3)
    assert levels["lr"] == levels["momentum"]
    assert len(points) <= trials < 6 * (levels["lr"] + 1) ** 2


def test_choices_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="3 combinations of choices, 2 trials"):
        grid(Space.of(["sgd"], {"schedule": choice("constant", "step", "linear")}), 2)
