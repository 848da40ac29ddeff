"""Whiskers stay within the cell and keep the order of the scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from thalweg.compare.result import Comparison
from thalweg.report.whiskers import Whisker, whiskers


def test_whiskers_fill_the_cell_in_the_order_of_the_ranking(comparison: Comparison) -> None:
    found = whiskers(comparison)
    assert list(found) == [standing.optimizer for standing in comparison.ranking]
    middles = [whisker.middle for whisker in found.values()]
    assert middles == sorted(middles, reverse=True)
    assert min(whisker.left for whisker in found.values()) == pytest.approx(0)
    assert max(whisker.right for whisker in found.values()) == pytest.approx(100)
    assert all(whisker.left < whisker.middle < whisker.right for whisker in found.values())


def test_one_seed_is_a_point(smaller: Callable[..., Comparison]) -> None:
    found = whiskers(smaller(seeds=(1,), names=("sgd", "adam")))
    assert all(whisker.left == whisker.middle == whisker.right for whisker in found.values())


def test_what_has_no_score_has_no_whisker(comparison: Comparison) -> None:
    lost = replace(comparison.ranking[0], test=replace(comparison.ranking[0].test, mean=math.nan))
    found = whiskers(replace(comparison, ranking=(lost, *comparison.ranking[1:])))
    assert lost.optimizer not in found
    assert len(found) == 7
    assert whiskers(replace(comparison, ranking=())) == {}


def test_a_lone_point_has_a_place(smaller: Callable[..., Comparison]) -> None:
    assert whiskers(smaller(seeds=(1,), names=("sgd",))) == {"sgd": Whisker(0.0, 0.0, 0.0)}
