from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.config import Config
from thalweg.core.plain import dumps, strict
from thalweg.core.run import Outcome

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
trees = st.recursive(
    leaves,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=12,
)


@given(trees)
def test_every_reader_takes_the_text_and_only_what_is_not_finite_is_lost(tree: Any) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    read = json.loads(dumps(tree), parse_constant=refuse)
    assert read == json.loads(json.dumps(tree), parse_constant=lambda word: None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf")])
def test_what_is_not_finite_becomes_none_at_any_depth(value: float) -> None:
    assert strict(value) is None
    assert strict({"a": [(value, {"b": value})], "c": 1.5}) == {"a": [[None, {"b": None}]], "c": 1.5}


@pytest.mark.parametrize(
    ("value", "plain"), [(np.float32(0.5), 0.5), (np.float64(0.1), 0.1), (np.int64(3), 3), (True, True), (1, 1)]
)
def test_numbers_become_pythons_own(value: Any, plain: float) -> None:
    found = strict({"x": value})["x"]
    assert found == plain
    assert type(found) is type(plain)
    assert json.loads(dumps(value)) == plain


def test_mappings_tuples_and_enums() -> None:
    config = Config(hyper={"lr": 0.1})
    value = {1: (1, "ab"), "hyper": config.hyper, "outcome": Outcome.DIVERGED}
    assert json.loads(dumps(value)) == {"1": [1, "ab"], "hyper": {"lr": 0.1}, "outcome": "diverged"}
    assert dumps([1, 2], indent=None) == "[1, 2]"


def test_what_is_no_json_is_not_hidden() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        dumps({"x": object()})
