"""Along: what a quadratic has in closed form, what the explicit Hessian of a net says, one product a call."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.curvature.known import Known, bowl, net
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.curvature import Along, along

LR = 0.3


def descent(known: Known, lr: float = LR) -> list[Tensor]:
    """The step of gradient descent."""
    return [-lr * g for g in torch.autograd.grad(known.loss(), known.params)]


def taken(known: Known, step: list[Tensor]) -> float:
    """How much the loss changes by a step."""
    before = known.loss().item()
    with torch.no_grad():
        for p, d in zip(known.params, step, strict=True):
            p.add_(d)
    return known.loss().item() - before


def test_a_net_along_its_explicit_hessian() -> None:
    known = net()
    step = known.drawn()
    found = along(known.loss(), known.params, step)
    d = torch.cat([part.flatten() for part in step])
    g = torch.cat([part.flatten() for part in torch.autograd.grad(known.loss(), known.params)])
    expected = [(g @ d).item(), (d @ known.hessian @ d).item(), (d @ d).item()]
    assert [found.slope, found.curvature, found.length] == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_a_quadratic_changes_by_slope_and_half_the_curvature() -> None:
    known = bowl()
    step = known.drawn()
    found = along(known.loss(), known.params, step)
    assert taken(known, step) == pytest.approx(found.slope + found.curvature / 2, rel=1e-12)


@pytest.mark.parametrize("made", [net, bowl])
@pytest.mark.parametrize("lr", [1e-3, 0.3, 7.0])
def test_the_limit_of_gradient_descent_is_two_over_its_rate(made: Callable[[], Known], lr: float) -> None:
    known = made()
    found = along(known.loss(), known.params, descent(known, lr))
    assert found.limit == pytest.approx(2 / lr, rel=1e-12)
    assert found.overshoot == pytest.approx(2 * found.sharpness / found.limit, rel=1e-12)


def test_the_sharpness_along_an_eigenvector_is_its_eigenvalue() -> None:
    known = bowl()
    values, vectors = torch.linalg.eigh(known.hessian)
    for value, vector in zip(values.tolist(), vectors.mT, strict=True):
        with torch.no_grad():
            known.params[0].copy_(vector)  # where the gradient is along it
        found = along(known.loss(), known.params, descent(known))
        assert found.sharpness == pytest.approx(value, rel=1e-12)
        assert found.overshoot == pytest.approx(LR * value, rel=1e-12)


def test_one_is_the_bottom_and_two_as_high_as_before() -> None:
    known = bowl()
    lr = LR / along(known.loss(), known.params, descent(known)).overshoot
    best = descent(known, lr)
    assert along(known.loss(), known.params, best).overshoot == pytest.approx(1, rel=1e-12)
    twice = [2 * d for d in best]
    assert along(known.loss(), known.params, twice).overshoot == pytest.approx(2, rel=1e-12)
    assert taken(known, twice) == pytest.approx(0, abs=1e-12)
    taken(known, [-d for d in best])  # half way back
    assert along(known.loss(), known.params, best).slope == pytest.approx(0, abs=1e-12)


def test_a_step_uphill_has_a_limit_below_zero() -> None:
    known = bowl()
    found = along(known.loss(), known.params, descent(known, -LR))
    assert found.slope > 0 > found.limit
    assert found.overshoot < 0


@pytest.mark.parametrize("made", [Along(0.0, 0.0, 0.0), Along(math.nan, math.nan, math.nan)])
def test_what_is_not_defined_is_nan(made: Along) -> None:
    assert all(math.isnan(value) for value in (made.sharpness, made.limit, made.overshoot))


def test_a_flat_point_has_a_sharpness_and_no_overshoot() -> None:
    p = torch.zeros(2, requires_grad=True)
    found = along((p**2).sum(), [p], [torch.ones(2)])
    assert (found.sharpness, found.limit) == (2, 0)
    assert math.isnan(found.overshoot)


def test_a_linear_loss_and_a_dead_parameter_have_no_curvature() -> None:
    p, dead = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    found = along(2 * p.sum(), [p, dead], [-torch.ones(3), torch.ones(2)])
    assert found == Along(slope=-6.0, curvature=0.0, length=5.0)
    assert found.overshoot == 0


@given(shapes=st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_any_shapes(shapes: list[list[int]], seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    params = [torch.randn(s, dtype=torch.float64, generator=random, requires_grad=True) for s in shapes]
    step = [torch.randn(s, dtype=torch.float64, generator=random) for s in shapes]
    found = along(torch.stack([p.square().sum() for p in params]).sum(), params, step)
    length = sum(d.square().sum().item() for d in step)
    slope = sum(2 * (p * d).sum().item() for p, d in zip(params, step, strict=True))
    assert found.length == pytest.approx(length)
    assert (found.slope, found.curvature) == pytest.approx((slope, 2 * length))


def test_a_sparse_gradient_counts_as_a_dense_one() -> None:
    layer, step = torch.nn.Embedding(4, 2, sparse=True), [torch.ones(4, 2)]
    torch.nn.init.ones_(layer.weight)
    value = layer(torch.tensor([1, 1, 3])).square().sum()
    assert along(value, layer.parameters(), step) == Along(slope=12.0, curvature=12.0, length=8.0)


def test_sums_are_in_float64() -> None:
    """Squares that float32 has no room for, and a million equal terms."""
    p = torch.zeros(1_000_000, requires_grad=True)
    found = along(p.sum(), [p], [torch.full_like(p, 1e-30)])
    tiny = torch.tensor(1e-30).item()
    assert found.length == pytest.approx(1e6 * tiny**2, rel=1e-12)
    assert found.slope == pytest.approx(1e6 * tiny, rel=1e-12)


def test_it_takes_one_gradient_and_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    known = bowl()
    whole, passes = torch.autograd.grad, []
    monkeypatch.setattr(
        torch.autograd, "grad", lambda *args, **kwargs: (passes.append(1), whole(*args, **kwargs))[1]
    )
    value, step = known.loss(), known.drawn()
    along(value, known.params, step)
    assert len(passes) == 2


def test_neither_grad_nor_graph_is_changed() -> None:
    known = net()
    known.params[0].grad = torch.ones_like(known.params[0])
    value = known.loss()
    assert along(value, iter(known.params), iter(known.drawn())) == along(value, known.params, known.drawn())
    assert torch.equal(known.params[0].grad, torch.ones_like(known.params[0]))
    assert all(p.grad is None for p in known.params[1:])
    value.backward()


def test_a_step_that_does_not_fit_is_refused() -> None:
    known = bowl()
    with pytest.raises(InputError, match=r"does not fit[\s\S]*\(5,\)[\s\S]*\(6,\)"):
        along(known.loss(), known.params, [torch.zeros(5, dtype=torch.float64)])
