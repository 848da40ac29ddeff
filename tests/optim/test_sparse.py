"""Sparse gradients, where a zero gradient moves nothing; complex parameters, as pairs of real numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg import optim
from thalweg.core.errors import InputError
from thalweg.formula import NonNegative, Tensor, Update, norm, rule
from thalweg.optim import Named, RuleOptimizer, build, optimizers
from thalweg.optim.form import Form

LAZY: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.5, "lr_decay": 0.1}),
]
rows = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=8), min_size=1, max_size=4)


def train(kind: Any, batches: list[list[int]], *, sparse: bool, **settings: Any) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    table = torch.nn.Embedding(6, 3, sparse=sparse, dtype=torch.float64)
    head = torch.nn.Parameter(torch.randn(3, dtype=torch.float64, generator=generator))
    with torch.no_grad():
        table.weight.copy_(torch.randn(6, 3, dtype=torch.float64, generator=generator))
    optimizer = kind([table.weight, head], **settings)
    for batch in batches:
        optimizer.zero_grad()
        (table(torch.tensor(batch)) @ head).sin().sum().backward()
        optimizer.step()
    return table.weight.detach(), head.detach()


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # torch's Adagrad makes sparse tensors itself
@pytest.mark.parametrize("around", [{}, {"maximize": True}])
@pytest.mark.parametrize(("name", "settings"), LAZY)
@given(batches=rows)
def test_rows_are_walked_as_torch_walks_them(
    name: str, settings: Any, around: Any, batches: list[list[int]]
) -> None:
    ours = train(getattr(optim, name), batches, sparse=True, **settings, **around)
    theirs = train(getattr(torch.optim, name), batches, sparse=True, **settings, **around)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("around", [{}, {"clip_norm": 0.3}, {"clip_value": 0.1}])
@pytest.mark.parametrize(("name", "settings"), LAZY)
@given(batches=rows)
def test_sparse_is_dense(name: str, settings: Any, around: Any, batches: list[list[int]]) -> None:
    kind = getattr(optim, name)
    ours, dense = (train(kind, batches, sparse=sparse, **settings, **around) for sparse in (True, False))
    torch.testing.assert_close(ours, dense, rtol=1e-12, atol=1e-14)


@rule(reference="a toy whose step depends on the size of the whole tensor")
def relative(p: Tensor, g: Tensor, *, lr: NonNegative = 0.1) -> Update:
    """Step by a share of the norm."""
    return p - lr * norm(p) * g


class Relative(RuleOptimizer):
    forms = (Form(relative),)

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (optim.Adam, {}),
        (optim.Momentum, {}),
        (optim.SGD, {"momentum": 0.5}),
        (optim.SGD, {"weight_decay": 0.1}),
        (optim.SGD, {"decoupled_decay": 0.1}),
        (optim.SGD, {"cautious": True}),
        (optim.Adagrad, {"ema": 0.5}),
        (Relative, {}),
    ],
)
def test_what_moves_other_rows_is_refused_and_changes_nothing(kind: Any, settings: Any) -> None:
    table = torch.nn.Embedding(4, 2, sparse=True)
    optimizer = kind(table.parameters(), **settings)
    before = table.weight.detach().clone()
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(InputError, match=f"is sparse, and {kind.__name__} as it is set moves") as caught:
        optimizer.step()
    assert "sparse=False" in str(caught.value)
    assert torch.equal(table.weight, before)


def test_a_gradient_may_turn_sparse_and_dense_again() -> None:
    p, q = (torch.nn.Parameter(torch.zeros(4, dtype=torch.float64)) for _ in range(2))
    first, second = optim.Adagrad([p], lr=0.1), optim.Adagrad([q], lr=0.1)
    for step in range(6):
        q.grad = torch.tensor([0.0, 1.0 + step, 0.0, -2.0], dtype=torch.float64)
        p.grad = q.grad.to_sparse() if step % 3 == 1 else q.grad
        first.step()
        second.step()
    torch.testing.assert_close(p, q, rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", [name for name in optimizers if isinstance(optimizers[name], Named)])
def test_a_complex_parameter_is_a_pair_of_real_ones(name: str) -> None:
    """With options and sums too; `test_torch_cases` compares with torch."""
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(4, 3, dtype=torch.complex128, generator=generator)
    whole = torch.nn.Parameter(start.clone())
    pairs = torch.nn.Parameter(torch.view_as_real(start).clone())
    hyper = {"lr": 0.05, "clip_norm": 1.0, "ema": 0.9}
    first, second = build(name, [whole], hyper), build(name, [pairs], hyper)
    for step in range(6):
        g = torch.randn(4, 3, dtype=torch.complex128, generator=generator)
        whole.grad = (
            g.conj().resolve_conj().conj() if step % 2 else g
        )  # lazily conjugated, as autograd may give it
        pairs.grad = torch.view_as_real(g).clone()
        first.step()
        second.step()
    for optimizer in (first, second):
        optimizer.eval()  # pyright: ignore
    assert torch.equal(torch.view_as_real(whole), pairs)
    assert all(value.is_complex() for value in first.state[whole].values() if value.dim())


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adagrad])
def test_sparse_and_complex_at_once(kind: Any) -> None:
    p, q = (torch.nn.Parameter(torch.ones(4, 2, dtype=torch.complex128)) for _ in range(2))
    first, second = kind([p], lr=0.1), kind([q], lr=0.1)
    for _ in range(3):
        q.grad = torch.zeros(4, 2, dtype=torch.complex128)
        q.grad[2] = 1 + 2j
        p.grad = q.grad.to_sparse(1)
        first.step()
        second.step()
    torch.testing.assert_close(p, q, rtol=1e-13, atol=0)
