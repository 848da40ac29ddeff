"""One expression, evaluated by the oracle and by the eager lowering."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch

from thalweg.engine import eager
from thalweg.formula import Expression, Program, Row
from thalweg.formula.oracle import Oracle

Array = npt.NDArray[np.float64]


def both(new_p: Expression, p: Array, g: Array) -> Array:
    """Return the new parameter after the oracle and eager agreed on it: NaN for NaN, -0 for -0."""
    program = Program("toy", (), {"p": new_p}, {}, {}, {})
    oracle = Oracle(program, {"x": p}, Row({}))
    oracle.step({"x": g})
    found = torch.tensor(p)
    eager.lower(program)(found, torch.tensor(g), (), Row({}).advance(program))
    expected = np.asarray(oracle.tensors["x"]["p"])
    assert_same_bits(found.numpy(), expected)
    return expected


def assert_same_bits(a: Array, b: Array) -> None:
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a[~np.isnan(a)]), np.signbit(b[~np.isnan(b)]))


@pytest.fixture(scope="session")
def evaluate() -> Callable[[Expression, Array, Array], Array]:
    """The function ``(new p, p, g) -> value`` that tries both forms."""
    return both


@pytest.fixture(scope="session")
def same_bits() -> Callable[[Array, Array], None]:
    """The assertion that two arrays are equal, NaN and the sign of zero included."""
    return assert_same_bits
