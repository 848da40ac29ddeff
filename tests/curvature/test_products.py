"""Products: the explicit Hessian's, whatever the shapes and the caller's mode, without a trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.curvature.known import net
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import InputError, InputTypeError
from thalweg.curvature import hessian_vector

SHAPES = st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=4)


def flat(parts: list[Tensor]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])


@pytest.mark.parametrize("seed", range(3))
def test_a_net_has_the_product_of_its_explicit_hessian(seed: int) -> None:
    known = net()
    v = known.drawn(seed)
    found = hessian_vector(known.loss(), known.params, v)
    torch.testing.assert_close(flat(found), known.hessian @ flat(v), rtol=1e-10, atol=1e-10)
    assert [(part.shape, part.requires_grad) for part in found] == [(p.shape, False) for p in known.params]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_units_give_the_columns_of_a_matrix(dtype: torch.dtype) -> None:
    a = torch.tensor([[2.0, -1.0], [-1.0, 5.0]], dtype=dtype)
    p = torch.ones(2, dtype=dtype, requires_grad=True)
    columns = [hessian_vector(p @ a @ p / 2, [p], [unit])[0] for unit in torch.eye(2, dtype=dtype)]
    torch.testing.assert_close(torch.stack(columns), a)


@given(shapes=SHAPES, seed=st.integers(0, 99), dtype=st.sampled_from([torch.float32, torch.float64]))
def test_any_shapes(shapes: list[list[int]], seed: int, dtype: torch.dtype) -> None:
    """Sum of p^3 in each element, and of the product of the parameters' sums: ``H v`` is known."""
    random = torch.Generator().manual_seed(seed)
    params = [torch.randn(shape, dtype=dtype, generator=random, requires_grad=True) for shape in shapes]
    v = [torch.randn(shape, dtype=dtype, generator=random) for shape in shapes]
    value = torch.stack([(p**3).sum() for p in params]).sum() + torch.stack([p.sum() for p in params]).sum() ** 2
    shared = 2 * torch.stack([part.sum() for part in v]).sum()
    for p, part, found in zip(params, v, hessian_vector(value, params, v), strict=True):
        torch.testing.assert_close(found, (6 * p * part + shared).detach(), rtol=1e-4, atol=1e-4)


def test_a_parameter_that_does_not_matter_gives_zeros() -> None:
    p, dead = torch.tensor([3.0], requires_grad=True), torch.ones(2, 2, requires_grad=True)
    found = hessian_vector((p**2).sum(), [dead, p], [torch.ones(2, 2), torch.ones(1)])
    torch.testing.assert_close(found, [torch.zeros(2, 2), torch.tensor([2.0])])


@pytest.mark.parametrize("linear", [Tensor.sum, lambda p: (p * torch.arange(3.0)).sum(), lambda p: 0 * p.sum()])
def test_a_linear_loss_has_no_curvature(linear: Any) -> None:
    p, dead = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    found = hessian_vector(linear(p), [p, dead], [torch.ones(3), torch.ones(2)])
    torch.testing.assert_close(found, [torch.zeros(3), torch.zeros(2)])


def test_parameters_of_two_dtypes_keep_theirs() -> None:
    p, q = torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.float64, requires_grad=True)
    found = hessian_vector((p * q).sum() ** 2, [p, q], [torch.ones(2), torch.zeros(2, dtype=torch.float64)])
    torch.testing.assert_close(found, [torch.full((2,), 4.0), torch.full((2,), 8.0, dtype=torch.float64)])


def test_neither_grad_nor_parameter_nor_graph_is_changed() -> None:
    known = net()
    known.params[0].grad = torch.ones_like(known.params[0])
    before = [p.detach().clone() for p in known.params]
    value, v = known.loss(), known.drawn()
    first, again = hessian_vector(value, iter(known.params), iter(v)), hessian_vector(value, known.params, v)
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert torch.equal(known.params[0].grad, torch.ones_like(known.params[0]))
    assert all(p.grad is None for p in known.params[1:])
    assert all(torch.equal(p, old) for p, old in zip(known.params, before, strict=True))
    value.backward()


def test_a_direction_is_held_constant_though_it_comes_from_the_parameters() -> None:
    p = torch.tensor([2.0], requires_grad=True)
    value = (p**3).sum()
    gradient = torch.autograd.grad(value, p, create_graph=True)
    assert hessian_vector(value, [p], gradient)[0].item() == 12 * 12


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_callers_mode_does_not_matter(mode: Any) -> None:
    p = torch.tensor([2.0], requires_grad=True)
    value, v = (p**3).sum(), torch.ones(1)
    with mode():
        assert hessian_vector(value, [p], [v])[0].item() == 12


def test_what_cannot_be_multiplied_is_refused() -> None:
    p, v = torch.ones(2, requires_grad=True), torch.ones(2)
    with pytest.raises(InputError, match=r"single number[\s\S]*\(2,\)"):
        hessian_vector(p**2, [p], [v])
    for value in (torch.tensor(1.0), (p**2).sum().detach()):
        with pytest.raises(InputError, match="no graph"):
            hessian_vector(value, [p], [v])
    value = (p**2).sum()
    with pytest.raises(InputError, match="no parameters"):
        hessian_vector(value, [], [])
    with pytest.raises(InputError, match=r"frozen[\s\S]*1 of 2"):
        hessian_vector(value, [p, v], [v, v])
    with pytest.raises(InputError, match=r"got: +2 tensors[\s\S]*1, one a parameter"):
        hessian_vector(value, [p], [v, v])
    with pytest.raises(InputTypeError, match="complex direction"):
        hessian_vector(value, [p], [v.to(torch.complex64)])
    complex_p = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    with pytest.raises(InputTypeError, match="real numbers"):
        hessian_vector(complex_p.abs().sum(), [complex_p], [v])
    value.backward()
    with pytest.raises(InputError, match=r"differentiated twice[\s\S]*before backward"):
        hessian_vector(value, [p], [v])


def test_attention_without_a_second_derivative_says_what_to_do() -> None:
    x = torch.ones(1, 2, 4, 8, requires_grad=True)
    value = functional.scaled_dot_product_attention(x, x, x).square().sum()
    with pytest.raises(InputError, match=r"differentiated twice[\s\S]*SDPBackend\.MATH"):
        hessian_vector(value, [x], [torch.ones_like(x)])
    with nn.attention.sdpa_kernel(nn.attention.SDPBackend.MATH):
        value = functional.scaled_dot_product_attention(x, x, x).square().sum()
    assert hessian_vector(value, [x], [torch.ones_like(x)])[0].shape == x.shape


def test_a_sparse_embedding_has_a_dense_product() -> None:
    layer, v = nn.Embedding(4, 2, sparse=True), torch.arange(8.0).view(4, 2)
    value = layer(torch.tensor([1, 1, 3])).square().sum()
    found = hessian_vector(value, layer.parameters(), [v])
    torch.testing.assert_close(found, [v * torch.tensor([[0.0], [4.0], [0.0], [2.0]])])


@given(shapes=SHAPES, which=st.integers(0, 3), wrong=st.lists(st.integers(0, 3), max_size=3))
def test_a_direction_of_other_shapes_is_refused(shapes: list[list[int]], which: int, wrong: list[int]) -> None:
    params = [torch.ones(shape, requires_grad=True) for shape in shapes]
    v = [torch.ones(shape) for shape in shapes]
    which %= len(shapes)
    v[which] = torch.ones([*wrong, 4])
    with pytest.raises(InputError, match="does not fit"):
        hessian_vector(torch.stack([p.sum() for p in params]).sum(), params, v)
