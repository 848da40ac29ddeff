"""What takes a shortcut gives what torch gives, with its gradients; what does not serve is left to torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad_and_value, vmap
from torch.nn import functional

from thalweg.execute.entropy import least_label
from thalweg.execute.shortcuts import Shortcuts

NARROW, WIDE = 3, 20
Named = dict[str, Tensor]


def parameters(classes: int, *copies: int) -> Named:
    generator = torch.Generator().manual_seed(classes)
    return {
        "weight": torch.randn(*copies, classes, 5, generator=generator, dtype=torch.float64),
        "bias": torch.randn(*copies, classes, generator=generator, dtype=torch.float64),
    }


def batch(classes: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, classes, (8,), generator=generator)
    return torch.randn(8, 5, generator=generator, dtype=torch.float64), y


def loss(of: Named, x: Tensor, y: Tensor, **options: Any) -> Tensor:
    output = functional.linear(x, of["weight"], of["bias"])
    return functional.cross_entropy(output.tanh(), y, **options)


@pytest.mark.parametrize("classes", [NARROW, WIDE])
@pytest.mark.parametrize("ignored", [None, 1])
def test_copies_get_the_loss_and_the_gradients_that_torch_gives_one(classes: int, ignored: int | None) -> None:
    x, y = batch(classes)
    stacks = parameters(classes, 4)
    options = {} if ignored is None else {"ignore_index": ignored}

    def short(of: Named) -> Tensor:
        with Shortcuts(least=0 if ignored is None else -torch.inf):
            return loss(of, x, y, **options)

    gradients, losses = vmap(grad_and_value(short))(stacks)
    for k in range(4):
        own = {name: stack[k].clone().requires_grad_() for name, stack in stacks.items()}
        alone = loss(own, x, y, **options)
        alone.backward()
        assert torch.allclose(losses[k], alone)
        for name, p in own.items():
            assert torch.allclose(gradients[name][k], p.grad if p.grad is not None else torch.empty(0))


@pytest.mark.parametrize("classes", [NARROW, WIDE])
def test_gradients_are_laid_out_as_their_parameters_are(classes: int) -> None:
    x, y = batch(classes)
    stacks = {name: stack.requires_grad_() for name, stack in parameters(classes, 4).items()}

    def short(of: Named) -> Tensor:
        with Shortcuts():
            return loss(of, x, y)

    for g in torch.autograd.grad(vmap(short)(stacks).sum(), list(stacks.values())):
        assert g.is_contiguous()


@pytest.mark.parametrize(
    "options",
    [{"label_smoothing": 0.1}, {"reduction": "sum"}, {"weight": torch.ones(NARROW, dtype=torch.float64)}],
)
def test_other_forms_of_cross_entropy_are_torchs_own(options: dict[str, Any]) -> None:
    x, y = batch(NARROW)
    with Shortcuts():
        ours = functional.cross_entropy(x[:, :NARROW], y, **options)
    assert torch.equal(ours, functional.cross_entropy(x[:, :NARROW], y, **options))


def test_the_first_of_equals_is_the_greatest_as_it_is_to_argmax() -> None:
    x = torch.randint(0, 3, (50, 4), generator=torch.Generator().manual_seed(0)).float()
    x[7, 2] = torch.nan
    for laid_out in (x, x.t().contiguous().t()):
        with Shortcuts():
            ours = [laid_out.argmax(1), torch.argmax(laid_out, dim=0, keepdim=True), laid_out.argmax()]
        assert all(map(torch.equal, ours, [x.argmax(1), x.argmax(0, keepdim=True), x.argmax()]))


def test_the_least_label_is_that_of_all_splits(make_problem: Any) -> None:
    problem = make_problem("mlp")
    assert least_label(problem) == min(split.labels.min().item() for split in problem.splits.values())
