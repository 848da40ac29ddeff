from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from thalweg.schedules import error_driven
from thalweg.schedules.error_driven import ErrorDriven

rates = st.floats(1e-3, 5)
sizes = st.floats(0, 1e6, allow_subnormal=False)


@given(rates, st.floats(0, 5), st.floats(0.01, 3), rates, st.floats(0, 2))
def test_it_solves_its_differential_equation(
    eta: float, error: float, alpha: float, beta: float, floor: float
) -> None:
    found, factor = error_driven(ErrorDriven(eta), error, alpha=alpha, beta=beta, floor=floor)
    solved = solve_ivp(lambda _, y: alpha * y * (beta * (error - floor) - y), (0, 1), [eta], rtol=1e-9, atol=1e-12)
    assert factor == found.eta == pytest.approx(solved.y[0, -1], rel=1e-5, abs=1e-9)


@given(rates, st.floats(0, 5), rates)
def test_murata_s_update_is_its_first_order(eta: float, error: float, beta: float) -> None:
    alpha = 1e-5
    literal = eta + alpha * eta * (beta * error - eta)
    assert error_driven(ErrorDriven(eta), error, alpha=alpha, beta=beta)[1] == pytest.approx(literal, rel=1e-6)


@given(sizes, sizes, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_it_is_never_negative_and_does_not_pass_its_target(
    eta: float, error: float, alpha: float, beta: float
) -> None:
    _, factor = error_driven(ErrorDriven(eta), error, alpha=alpha, beta=beta)
    low, high = sorted((eta, beta * error))
    assert low * (1 - 1e-9) <= factor <= high * (1 + 1e-9)


def test_at_the_floor_it_falls_as_one_over_time() -> None:
    state = None
    for t in range(1, 200):
        state, factor = error_driven(state, 0.3, alpha=0.5, floor=0.3)
        assert factor == pytest.approx(1 / (1 + 0.5 * t), rel=1e-9)


@pytest.mark.parametrize("error", [math.nan, math.inf, -math.inf])
def test_an_error_that_is_not_finite_changes_nothing(error: float) -> None:
    assert error_driven(ErrorDriven(0.7), error) == (ErrorDriven(0.7), 0.7)


def follow(*, constant: bool) -> tuple[float, float]:
    """On-line least squares whose truth moves half-way: the error before the move, and 300 updates after it."""
    rng = np.random.default_rng(0)
    truth, w, state, eta = rng.normal(size=10), np.zeros(10), None, 1.0
    distances = []
    for t in range(6000):
        if t == 3000:
            truth = truth + rng.normal(size=10)
        x = rng.normal(size=10)
        residual = w @ x - truth @ x - rng.normal()
        state, followed = error_driven(state, residual**2, alpha=0.05, beta=0.5, floor=1.0)
        eta = 0.05 if constant else 0.05 * followed
        w = w - eta * residual * x
        distances.append(float(np.sum((w - truth) ** 2)))
    return float(np.mean(distances[2500:3000])), float(np.mean(distances[3300:3400]))


def test_it_settles_closer_than_a_constant_rate_and_still_follows_a_change() -> None:
    settled, moved = follow(constant=False)
    assert settled < follow(constant=True)[0] / 2
    assert moved < 1
