"""Together: copies stepped by one launch are what each is when it steps alone, to the bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.engine import cpu
from thalweg.optim import RuleOptimizer, build, optimizers
from thalweg.optim.together import Together, can_join

NAMES = [name for name in optimizers if issubclass(optimizers[name].kind, RuleOptimizer)]
SHAPES = ((3, 2), (5,), ())


def copies(names: list[str], hypers: list[dict[str, Any]]) -> tuple[list[list[nn.Parameter]], list[Any]]:
    """Parameters of each copy and its optimizer, the same at every call."""
    params = [
        [
            nn.Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(7 * k + i)))
            for i, shape in enumerate(SHAPES)
        ]
        for k in range(len(names))
    ]
    return params, [build(name, own, hyper) for name, own, hyper in zip(names, params, hypers, strict=True)]


def stacked(params: list[list[nn.Parameter]]) -> list[Tensor]:
    stacks = [torch.stack([own[i].detach() for own in params]) for i in range(len(SHAPES))]
    for k, own in enumerate(params):
        for i, p in enumerate(own):
            p.data = stacks[i][k]
    return [stack.requires_grad_() for stack in stacks]


def gradients(copies: int, step: int) -> list[Tensor]:
    random = torch.Generator().manual_seed(step)
    return [torch.randn((copies, *shape), generator=random) for shape in SHAPES]


def alone(names: list[str], hypers: list[dict[str, Any]], steps: int) -> tuple[Any, Any]:
    params, found = copies(names, hypers)
    for step in range(steps):
        for k, optimizer in enumerate(found):
            optimizer.zero_grad()
            for p, g in zip(params[k], gradients(len(names), step), strict=True):
                p.grad = g[k].clone()
            optimizer.step()
    return params, found


def assert_same(mine: tuple[Any, Any], theirs: tuple[Any, Any]) -> None:
    for own, other in zip(mine[0], theirs[0], strict=True):
        for p, q in zip(own, other, strict=True):
            assert torch.equal(p, q)
    for one, other in zip(mine[1], theirs[1], strict=True):
        a, b = one.state_dict()["state"], other.state_dict()["state"]
        assert a.keys() == b.keys()
        for key in a:
            assert a[key].keys() == b[key].keys()
            assert all(torch.equal(a[key][name], b[key][name]) for name in a[key])


@pytest.mark.parametrize("name", NAMES)
def test_three_copies_with_rates_of_their_own(name: str) -> None:
    names, hypers = [name] * 3, [{"lr": 0.1}, {"lr": 0.01}, {"lr": 0.001}]
    params, found = copies(names, hypers)
    together = Together(found, stacked(params), [0, 1, 2])
    for step in range(3):
        together.step(gradients(3, step))
    together.sync()
    assert_same((params, found), alone(names, hypers, 3))


def test_rules_and_options_side_by_side_and_norms_each_its_own() -> None:
    names = ["sgd", "sgd", "adam", "lamb", "nesterov", "sgd"]
    hypers = [{"clip_norm": 0.1}, {"clip_norm": 1.0}, {"clip_norm": 0.1}, {}, {"ema": 0.9}, {"weight_decay": 0.1}]
    params, found = copies(names, hypers)
    together = Together(found, stacked(params), [0, 1, 2])
    for step in range(4):
        together.step(gradients(6, step))
    together.sync()
    mine, theirs = (params, found), alone(names, hypers, 4)
    for own, other in zip(mine[0], theirs[0], strict=True):  # sums over tensors are free in their order
        for p, q in zip(own, other, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-6, atol=1e-7)


def test_what_has_no_gradient_stands_still() -> None:
    names, hypers = ["adam"] * 2, [{"lr": 0.1}] * 2
    params, found = copies(names, hypers)
    before = params[0][1].clone()
    together = Together(found, stacked(params), [0, 2])
    together.step([g for i, g in enumerate(gradients(2, 0)) if i != 1])
    together.sync()
    assert torch.equal(params[0][1], before)
    assert params[0][1] not in found[0].state
    assert [float(found[1].state[params[1][i]]["step"]) for i in (0, 2)] == [1.0, 1.0]


def test_theta_is_shown_and_the_point_of_training_comes_back() -> None:
    names, hypers = ["nesterov", "sgd"], [{"lr": 0.1}, {"lr": 0.1}]
    params, found = copies(names, hypers)
    together = Together(found, stacked(params), [0, 1, 2])
    for step in range(2):
        together.step(gradients(2, step))
    trained = [[p.clone() for p in own] for own in params]
    with together.showing():
        shown = [[p.clone() for p in own] for own in params]
    assert all(torch.equal(p, q) for p, q in zip(params[0], trained[0], strict=True))
    together.sync()
    found[0].eval()
    assert all(torch.equal(p, q) for p, q in zip(params[0], shown[0], strict=True))
    assert all(torch.equal(p, q) for p, q in zip(trained[1], shown[1], strict=True))


def test_a_new_rate_is_taken_over_and_another_program_is_told() -> None:
    names, hypers = ["sgd"] * 2, [{"lr": 0.1}] * 2
    params, found = copies(names, hypers)
    together = Together(found, stacked(params), [0, 1, 2])
    together.step(gradients(2, 0))
    compiled = len(cpu.compiled)
    found[1].param_groups[0]["lr"] = 0.5
    assert together.reread([1])
    before = params[1][0].clone()
    g = gradients(2, 1)
    together.step(g)
    torch.testing.assert_close(params[1][0], before - 0.5 * g[0][1])
    assert len(cpu.compiled) == compiled
    found[1].param_groups[0]["weight_decay"] = 0.1
    assert not together.reread([1])


def test_who_can_join() -> None:
    p = nn.Parameter(torch.ones(2, 2))
    assert can_join(build("adam", [p], {}))
    assert not can_join(torch.optim.SGD([p], lr=0.1))
    assert not can_join(build("sgd", [nn.Parameter(torch.ones(2, dtype=torch.complex64))], {}))
