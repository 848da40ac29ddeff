"""Options: each does to the gradient what its sentence says, in the stated order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.formula import Row, compose
from thalweg.formula.oracle import Oracle
from thalweg.rules import clip_norm, clip_value, l1, maximize, nesterov, options, sgd, weight_decay

P = np.array([2.0, -4.0, 0.0, -0.0])
G = np.array([3.0, -0.5, 4.0, 0.0])


def step(chosen: Any, g: np.ndarray = G, **hyper: float) -> np.ndarray:
    """Return what the rule saw as its gradient: sgd with rate 1 subtracts it."""
    oracle = Oracle(compose(sgd, chosen), {"w": P}, Row({"lr": 1.0, **hyper}))
    oracle.step({"w": g})
    return P - oracle.tensors["w"]["p"]


def test_weight_decay_adds_the_parameter() -> None:
    np.testing.assert_array_equal(step([weight_decay], weight_decay=0.5), G + 0.5 * P)


def test_l1_adds_the_sign_and_leaves_zero_alone() -> None:
    np.testing.assert_array_equal(step([l1], l1=0.25), G + np.array([0.25, -0.25, 0, 0]))


def test_clip_value_limits_each_element() -> None:
    np.testing.assert_array_equal(step([clip_value], clip_value=1.0), [1.0, -0.5, 1.0, 0.0])


def test_clip_norm_scales_only_what_is_longer() -> None:
    g = np.array([3.0, 0.0, 4.0, 0.0])
    np.testing.assert_allclose(step([clip_norm], g, clip_norm=1.0), g / 5, rtol=1e-15)
    np.testing.assert_array_equal(step([clip_norm], g, clip_norm=5.0), g)
    np.testing.assert_array_equal(step([clip_norm], 0 * g, clip_norm=5.0), 0 * g)


def test_maximize_turns_the_gradient_before_the_penalties() -> None:
    np.testing.assert_array_equal(step([maximize, weight_decay], weight_decay=0.5), 0.5 * P - G)


def test_clipping_comes_before_the_penalties() -> None:
    hyper = {"clip_norm": 2.5, "clip_value": 1.0, "weight_decay": 0.5, "l1": 0.25}
    g = np.array([3.0, 0.0, 4.0, 0.0])
    expected = -np.clip(g / 2, -1, 1) + 0.5 * P + 0.25 * np.sign(P)
    np.testing.assert_allclose(step(options, g, **hyper), expected, rtol=1e-15)


def test_a_neutral_value_is_off() -> None:
    neutral: dict[str, Any] = {name: h.default for option in options for name, h in option.hypers.items()}
    assert not any(option.is_active(neutral | {"maximize": False}) for option in options)
    assert not any(option.is_active({}) or option.is_active({option.name: None}) for option in options)
    assert all(option.is_active({option.name: 0.5 if option.hypers else True}) for option in options)


def test_penalties_of_nesterov_are_taken_at_the_interim_point() -> None:
    row = Row({"lr": 1.0, "alpha": 0.5, "weight_decay": 0.5}, state={"shift": 0.5})
    oracle = Oracle(compose(nesterov, [weight_decay]), {"w": P}, row)
    oracle.tensors["w"]["v"] = np.ones(4)
    oracle.step({"w": G})
    np.testing.assert_array_equal(oracle.tensors["w"]["v"], 0.5 - (G + 0.5 * P))


@pytest.mark.parametrize("option", options, ids=lambda option: option.name)
def test_every_option_is_documented(option: Any) -> None:
    assert option.function.__doc__
    assert set(option.hypers) <= {option.name}
