"""What holds for every rule as a text: its name, source, range and first step."""

from __future__ import annotations

import re
from math import sqrt

import numpy as np
import pytest

from thalweg.formula import Row, compose
from thalweg.formula.oracle import Oracle
from thalweg.formula.program import SHIFT, unshift
from thalweg.rules import rules

FIRST_STEP = {
    "sgd": lambda g: -1e-3 * g,
    "momentum": lambda g: -1e-3 * g,
    "nesterov": lambda g: -1e-3 * g,
    "adagrad": lambda g: -1e-2 * g / (1e-7 + abs(g)),
    "rmsprop": lambda g: -1e-3 * g / sqrt(1e-6 + 0.1 * g * g),
    "rmsprop-nesterov": lambda g: -1e-3 * g / sqrt(1e-6 + 0.1 * g * g),
    "adadelta": lambda g: -sqrt(1e-6) / sqrt(1e-6 + 0.1 * g * g) * g,
    "adam": lambda g: -1e-3 * g / (abs(g) + 1e-8),
}


@pytest.mark.parametrize("name", list(rules))
def test_a_rule_says_where_it_is_from_and_what_it_is(name: str) -> None:
    rule = rules[name]
    assert re.search(r"\b(19|20)\d\d\b", rule.reference)
    assert re.search("Algorithm|equation|section", rule.reference)
    assert len(rule.summary) > 20
    assert rule.name == name == name.lower()
    assert rule.hypers["lr"].interval.low <= rule.search[0] < rule.search[1]
    if rule.interim:
        assert rule.interim[0] in rule.hypers
        assert rule.interim[1] in rule.slots


@pytest.mark.parametrize("g", [0.5, -2.0, 1e-3])
@pytest.mark.parametrize("name", list(FIRST_STEP))
def test_the_first_step_at_the_defaults(name: str, g: float) -> None:
    rule = rules[name]
    oracle = Oracle(compose(rule), {"w": np.zeros(1)}, Row({k: h.default for k, h in rule.hypers.items()}))
    oracle.step({"w": np.array([g])})
    if rule.interim:
        assert oracle.row.state[SHIFT] == rule.hypers[rule.interim[0]].default
        oracle.move(unshift(rule))
    np.testing.assert_allclose(oracle.tensors["w"]["p"], FIRST_STEP[name](g), rtol=1e-12)


def test_no_two_rules_differ_by_case_only() -> None:
    assert len({name.lower().replace("-", "") for name in rules}) == len(rules)
