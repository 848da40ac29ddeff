"""Tests against SciPy, Holm's correction against its definition, and how often noise is news."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from thalweg.compare.result import Pair
from thalweg.compare.statistics import LEVEL, against_leader, holm

NAN = math.nan
THOUSANDTHS = st.integers(-1000, 1000).map(lambda k: k / 1000)
PAIRED = st.lists(st.tuples(THOUSANDTHS, THOUSANDTHS), min_size=2, max_size=12)
P_VALUES = st.lists(st.floats(0, 1), max_size=8)


def only_pair(a: list[float], b: list[float], *, higher_is_better: bool = True) -> Pair:
    (pair,) = against_leader("a", {"a": a, "b": b}, higher_is_better=higher_is_better)
    return pair


@given(PAIRED)
def test_a_pair_is_the_paired_t_test(rows: list[tuple[float, float]]) -> None:
    a, b = map(list, zip(*rows, strict=True))
    pair, difference = only_pair(a, b), np.subtract(a, b)
    assert pair.difference == pytest.approx(difference.mean())
    if difference.std() > 1e-12:
        expected = stats.ttest_rel(a, b)
        assert pair.p == pytest.approx(expected.pvalue)
        assert (pair.low, pair.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
        assert pair.p_holm == pair.p


def test_identical_scores_are_never_told_apart() -> None:
    pair = only_pair([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    assert (pair.difference, pair.p, pair.p_holm, pair.distinct) == (0, 1, 1, False)


def test_a_difference_without_any_spread_is_certain_unless_seeds_are_few() -> None:
    pair = only_pair([0.75, 1.5, 3.0, 0.5, 0.25], [0.5, 1.25, 2.75, 0.25, 0.0])
    assert (pair.difference, pair.low, pair.high) == (0.25, 0.25, 0.25)
    assert (pair.p, pair.distinct) == (0, True)
    few = only_pair([0.75, 1.5], [0.5, 1.25])
    assert math.isnan(few.p)
    assert not few.distinct


@pytest.mark.parametrize("scores", [[NAN, 0.5, 0.4], [math.inf, 0.5, 0.4]])
def test_a_score_that_is_not_finite_is_not_judged_and_does_not_count(scores: list[float]) -> None:
    table = {"a": [0.9, 0.91, 0.93], "bad": scores, "b": [0.5, 0.52, 0.51]}
    bad, b = against_leader("a", table, higher_is_better=True)
    assert math.isnan(bad.p)
    assert math.isnan(bad.p_holm)
    assert not bad.distinct
    assert b.p_holm == b.p
    assert b.distinct


def test_infinite_scores_on_both_sides_are_not_judged() -> None:
    assert math.isnan(only_pair([math.inf, 1.0], [math.inf, 2.0]).p)


def test_one_seed_tells_nothing() -> None:
    pair = only_pair([0.9], [0.1])
    assert pair.difference == pytest.approx(0.8)
    assert math.isnan(pair.p)
    assert not pair.distinct


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_only_the_better_one_is_distinct(higher_is_better: bool) -> None:
    low, high = [0.10, 0.12, 0.11], [0.50, 0.53, 0.51]
    assert only_pair(high, low, higher_is_better=higher_is_better).distinct is higher_is_better
    assert only_pair(low, high, higher_is_better=higher_is_better).distinct is not higher_is_better
    assert only_pair(low, high).difference < 0  # the sign is always leader minus other


def test_pairs_come_in_the_order_of_the_scores() -> None:
    scores = {"c": [1.0, 2.0], "a": [1.0, 1.0], "b": [3.0, 5.0]}
    pairs = against_leader("a", scores, higher_is_better=True)
    assert [(pair.leader, pair.other) for pair in pairs] == [("a", "c"), ("a", "b")]


def test_holm_on_a_worked_example() -> None:
    """Four tests: 0.005 x 4, 0.01 x 3, then 0.03 x 2 = 0.06, which the last (0.04 x 1) may not undercut."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(P_VALUES)
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values: list[float]) -> None:
    corrected = holm(p_values)
    for level in (0.001, 0.01, 0.05, 0.2, 0.9):
        rejected: set[int] = set()
        for position, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[i] * (len(p_values) - position) > level:
                break
            rejected.add(i)
        assert {i for i, p in enumerate(corrected) if p <= level} == rejected


@given(P_VALUES)
def test_holm_keeps_the_order_and_never_helps(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, corrected, strict=True))
    ranked = [q for _, q in sorted(zip(p_values, corrected, strict=True))]
    assert all(q <= r for q, r in pairwise(ranked))


def test_holm_leaves_nan_out_of_the_count() -> None:
    assert holm([0.01, NAN, 0.04]) == pytest.approx([0.02, NAN, 0.04], nan_ok=True)


def test_equal_optimizers_are_seldom_told_apart_though_the_leader_is_chosen_by_looking() -> None:
    """Eight of them on ten seeds: the family keeps its level; for the leader's pairs alone it would not."""
    generator, repetitions = np.random.default_rng(20240229), 2000
    alarms = narrow = 0
    for scores in generator.normal(size=(repetitions, 8, 10)):
        table = {str(i): row.tolist() for i, row in enumerate(scores)}
        pairs = against_leader(str(scores.mean(1).argmax()), table, higher_is_better=True)
        alarms += any(pair.distinct for pair in pairs)
        narrow += min(holm([pair.p for pair in pairs])) < LEVEL
    error = math.sqrt(LEVEL * (1 - LEVEL) / repetitions)
    assert alarms / repetitions <= LEVEL + 3 * error
    assert narrow / repetitions == pytest.approx(0.12, abs=0.025)
