"""Programs: the interim point's shift, scalar states, and the oracle that evaluates them."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.formula import NonNegative, Number, Row, Scalar, Tensor, Update, compose, rule
from thalweg.formula.expression import ROW, TENSOR
from thalweg.formula.oracle import Oracle
from thalweg.formula.program import SHIFT
from thalweg.rules import clip_norm, momentum, nesterov, options, sgd, weight_decay


@rule(reference="a toy: a running average, weighted by squared rates")
def averaged(
    p: Tensor, g: Tensor, mean: Tensor, total: Scalar = 0.0, *, lr: NonNegative = 0.1, t: Number
) -> Update:
    """Keep the mean of all points, each weighted by the square of its rate."""
    total = total + lr * lr
    p = p - lr * g / t
    return p, mean + lr * lr / total * (p - mean), total


def test_every_number_of_the_frontier_is_a_rows() -> None:
    for chosen in ([], list(options)):
        program = compose(nesterov, chosen)
        assert all(node.level == ROW for node in program.frontier)
        assert all(node.elementwise and node.args for node in program.update.nodes)
        assert all(node.level == TENSOR for node in program.update.inner)
        assert bool(program.stages) == bool(chosen)


def test_scalar_state_is_one_number_a_row() -> None:
    rates, points = [0.5, 0.1, 0.3, 0.2], []
    oracle = Oracle(compose(averaged), {"w": np.ones(3)}, Row({}))
    p = np.ones(3)
    for t, lr in enumerate(rates, start=1):
        oracle.row.hyper["lr"] = lr
        g = np.full(3, t / 7)
        oracle.step({"w": g})
        p = p - lr * g / t
        points.append(p)
    weights = np.square(rates)
    np.testing.assert_allclose(oracle.tensors["w"]["p"], p, rtol=1e-15)
    np.testing.assert_allclose(
        oracle.tensors["w"]["mean"], np.average(points, axis=0, weights=weights), rtol=1e-14
    )
    assert oracle.row.state["total"] == pytest.approx(weights.sum(), rel=1e-15)


def test_the_shift_comes_off_and_on_again() -> None:
    p, v = np.array([1.0, -2.0]), np.array([0.5, 0.25])
    oracle = Oracle(compose(nesterov), {"w": p}, Row({"lr": 0.1, "alpha": 0.5}, state={SHIFT: 0.25}))
    oracle.tensors["w"]["v"] = v
    oracle.move(oracle.program.realign)
    np.testing.assert_array_equal(oracle.tensors["w"]["p"], p + 0.25 * v)
    assert oracle.row.state[SHIFT] == 0.5
    assert oracle.row.t == 0
    oracle.move(oracle.program.show)
    np.testing.assert_array_equal(oracle.tensors["w"]["p"], p - 0.25 * v)
    assert oracle.row.state[SHIFT] == 0.5


def test_float32_rounds_every_operation_and_every_scalar_once() -> None:
    f = np.float32
    start, g = np.array([0.1, 1e8, -3.3], f), np.array([0.7, 1.1, -1e-9], f)
    oracle = Oracle(compose(momentum, [weight_decay]), {"w": start}, Row({"lr": 0.1, "alpha": 0.9}), np.float32)
    oracle.row.hyper["weight_decay"] = 0.01
    p, v = start, np.zeros(3, f)
    for _ in range(20):
        oracle.step({"w": g})
        v = f(0.9) * v - f(0.1) * (g + f(0.01) * p)
        p = p + v
    assert oracle.tensors["w"]["p"].dtype == f
    np.testing.assert_array_equal(oracle.tensors["w"]["p"], p)


def test_the_oracle_keeps_no_hold_on_what_it_was_given() -> None:
    @rule(reference="a toy: the gradient before")
    def delayed(p, g, before):
        return p - before, g

    start, g = np.ones(2), np.ones(2)
    oracle = Oracle(compose(delayed), {"w": start}, Row({}))
    oracle.step({"w": g})
    g *= 5
    start *= 5
    oracle.step({"w": g})
    np.testing.assert_array_equal(oracle.tensors["w"]["p"], np.zeros(2))


def test_a_huge_gradient_is_no_warning() -> None:
    row = Row({"lr": 0.1, "clip_norm": 1.0})
    oracle = Oracle(compose(sgd, [clip_norm]), {"w": np.ones(2)}, row)
    oracle.step({"w": np.full(2, 1e200)})
    np.testing.assert_array_equal(oracle.tensors["w"]["p"], np.ones(2))
