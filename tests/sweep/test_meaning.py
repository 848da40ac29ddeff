"""Values where a range belongs are asked about: which kind of range, or a choice."""

from __future__ import annotations

from typing import Any

import pytest

from thalweg.core.errors import InputError, InputTypeError
from thalweg.sweep.dimensions import Dimension, Integers, Log, Uniform
from thalweg.sweep.meaning import meant, range_between


@pytest.mark.parametrize(
    ("name", "ends", "dimension"),
    [
        ("lr", (1e-5, 1), Log(1e-5, 1)),
        ("lr", (0.1, 0.5), Uniform(0.1, 0.5)),
        ("momentum", (0, 0.9), Uniform(0, 0.9)),
        ("weight_decay", (1e-6, 1e-2), Log(1e-6, 1e-2)),
        ("dropout", (0.01, 0.5), Log(0.01, 0.5)),
        ("batch_size", (16, 256), Integers(16, 256)),
    ],
)
def test_two_numbers_stand_for_the_range_that_suits_the_setting(
    name: str, ends: tuple[float, float], dimension: Dimension
) -> None:
    assert range_between(name, *ends, ["momentum"]) == dimension


def test_ends_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="goes through zero"):
        range_between("lr", 0, 1, ["adam"])
    with pytest.raises(InputTypeError, match="no integer"):
        range_between("batch_size", 1.5, 3, ["adam"])


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("lr", (1e-5, 1), "log(1e-05, 1)"),
        ("lr", [1, 1e-5], "log(1e-05, 1)"),
        ("momentum", (0.5, 0.99), "uniform(0.5, 0.99)"),
        ("batch_size", (16, 256), "integers(16, 256)"),
        ("batch_size", (16, 32, 64), "choice(16, 32, 64)"),
        ("schedule", ["constant", "step"], "choice('constant', 'step')"),
        ("cautious", (False, True), "choice(False, True)"),
    ],
)
def test_values_without_a_range_are_asked_about(name: str, given: Any, says: str) -> None:
    assert meant(name, given, ["momentum"]) == f"did you mean {says}?"


@pytest.mark.parametrize("given", [(), (float("nan"), 1.0), (0.1, 0.1), {0.1, 0.2}, 0.1, None, ([1], [2])])
def test_what_means_nothing_is_not_asked_about(given: Any) -> None:
    assert meant("lr", given, ["momentum"]) == ""
