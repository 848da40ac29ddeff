"""Profiles against their definition word by word, the score against a numerical integral, and cases by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from thalweg.compare.profile import TAU_MAX, Profile, edges, profiles
from thalweg.core.plain import dumps

INF = math.inf
Costs = Mapping[str, Mapping[str, float]]


@st.composite
def tables(draw: st.DrawFn) -> Costs:
    """Costs of one to four optimizers on one to five problems, some of them unsolved, many of them tied."""
    cost = st.one_of(st.just(INF), st.integers(1, 12).map(float), st.floats(1e-3, 1e6))
    names, problems = "abcd"[: draw(st.integers(1, 4))], "pqrst"[: draw(st.integers(1, 5))]
    return {name: {problem: draw(cost) for problem in problems} for name in names}


def share(costs: Costs, name: str, tau: float) -> float:
    """The definition: the part of the problems whose cost is at most tau times the least of any optimizer's."""
    problems = list(costs[name])
    count = 0
    for problem in problems:
        least = min(own[problem] for own in costs.values())
        if costs[name][problem] < INF and costs[name][problem] / least <= tau:
            count += 1
    return count / len(problems)


@given(tables(), st.floats(1, 100))
def test_a_profile_is_its_definition(costs: Costs, tau: float) -> None:
    for profile in profiles("updates", costs):
        for at in (1.0, tau, *edges([profile])):
            assert profile.within(at) == share(costs, profile.optimizer, at)
        assert profile.within(INF) == np.isfinite(list(costs[profile.optimizer].values())).mean()


@given(tables())
def test_the_score_is_the_integral_and_lies_between_0_and_1(costs: Costs) -> None:
    drawn = profiles("updates", costs)
    for profile in drawn:
        steps = [tau for tau in edges(drawn) if 1 < tau < TAU_MAX]
        bounds = [1.0, *steps, TAU_MAX]
        pieces = [
            quad(lambda tau, own=profile.optimizer: share(costs, own, tau), low, high)[0]
            for low, high in pairwise(bounds)
        ]
        assert profile.score == pytest.approx(sum(pieces) / (TAU_MAX - 1), abs=1e-6)
        assert 0 <= profile.score <= 1


@given(tables(), st.lists(st.integers(-9, 9), min_size=5, max_size=5))
def test_a_problem_counted_in_another_unit_changes_nothing(costs: Costs, powers: list[int]) -> None:
    factor = dict(zip("pqrst", (2.0**power for power in powers), strict=True))
    scaled = {name: {p: cost * factor[p] for p, cost in own.items()} for name, own in costs.items()}
    for before, after in zip(profiles("updates", costs), profiles("updates", scaled), strict=True):
        assert before.ratios == after.ratios
        assert before.score == after.score


@given(tables())
def test_somebody_is_the_cheapest_wherever_anybody_solves_it(costs: Costs) -> None:
    drawn = profiles("updates", costs)
    for problem in drawn[0].ratios:
        best = min(profile.ratios[problem] for profile in drawn)
        assert best in (1.0, INF)


def test_by_hand() -> None:
    fast, slow = profiles(
        "updates", {"fast": {"p": 100, "q": 400, "r": INF}, "slow": {"p": 250, "q": 100, "r": INF}}
    )
    assert [fast.within(tau) for tau in (1, 3.9, 4, 100)] == [1 / 3, 1 / 3, 2 / 3, 2 / 3]
    assert [slow.within(tau) for tau in (1, 2.4, 2.5)] == [1 / 3, 1 / 3, 2 / 3]
    assert fast.score == pytest.approx(1 / 3)
    assert slow.score == pytest.approx((1 + 1.5 / 3) / 3)
    assert edges([fast, slow]) == [1, 2.5, 4]


def test_equals_share_the_first_place() -> None:
    a, b = profiles("updates", {"a": {"p": 70}, "b": {"p": 70}})
    assert (a.score, b.score, a.within(1), b.within(1)) == (1, 1, 1, 1)


def test_what_nobody_solves_counts_for_nobody() -> None:
    (alone,) = profiles("seconds", {"a": {"p": INF, "q": 1.0}})
    assert (alone.within(INF), alone.score) == (0.5, 0.5)
    (never,) = profiles("seconds", {"a": {"p": INF}})
    assert (never.within(INF), never.score, edges([never])) == (0, 0, [1.0])


def test_a_clock_that_measures_nothing() -> None:
    a, b = profiles("seconds", {"a": {"p": 0.0}, "b": {"p": 0.1}})
    assert (a.score, b.score) == (1, 0)


def test_without_problems_there_are_no_profiles() -> None:
    assert profiles("updates", {}) == profiles("updates", {"a": {}}) == []


@given(tables())
def test_there_and_back_through_strict_json(costs: Costs) -> None:
    for profile in profiles("updates", costs):
        found = json.loads(dumps(profile.to_json()))
        assert found["score"] == profile.score
        assert Profile.from_json(found) == profile
