"""What a step must do and must not: nothing at a zero gradient, something for every declared setting."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg.core.errors import InputError
from thalweg.optim import build, optimizers

KEYS = [(name, key) for name in optimizers for key in (*optimizers[name].hypers(), *optimizers[name].flags)]


def trajectory(name: str, hyper: dict[str, Any], model: Any) -> list[torch.Tensor]:
    optimizer = build(name, model.params, hyper)
    points = []
    for step in range(1, 6):
        model.feed(step)
        optimizer.step()
        points.append(torch.cat([p.detach().flatten() for p in model.params]))
    return points


@pytest.mark.parametrize("name", list(optimizers))
def test_a_zero_gradient_without_state_moves_nothing(name: str, make_model: Any) -> None:
    model = make_model()
    before = model.bits()
    optimizer = build(name, model.params, {})
    for _ in range(5):
        for p in model.params:
            p.grad = torch.zeros_like(p)
        optimizer.step()
    assert all(torch.equal(before[key], p.detach()) for key, p in model.named.items())


@pytest.mark.parametrize("name", [name for name in optimizers if "eps" in optimizers[name].hypers()])
def test_the_exception_is_a_zero_eps_because_it_leaves_zero_over_zero(name: str) -> None:
    p = torch.nn.Parameter(torch.ones(2))
    p.grad = torch.tensor([0.0, 1.0])
    build(name, [p], {"eps": 0.0}).step()
    assert p[0].isnan()
    assert not p[1].isnan()


@pytest.mark.parametrize(("name", "key"), KEYS)
def test_every_declared_setting_has_an_effect(name: str, key: str, make_model: Any) -> None:
    declared = optimizers[name].hypers()
    if key in declared:
        hyper = declared[key]
        other = next(x for x in (0.3, 0.6) if x in hyper.interval and x != hyper.default)
    else:
        other = not optimizers[name].rule.flags.get(key, False)
    usual, changed = trajectory(name, {}, make_model()), trajectory(name, {key: other}, make_model())
    assert any((a - b).abs().max() > 1e-8 for a, b in zip(usual, changed, strict=True))


@pytest.mark.parametrize("name", list(optimizers))
def test_a_step_leaves_the_gradients_alone(name: str, setting: dict[str, Any], make_model: Any) -> None:
    model = make_model()
    optimizer = build(name, model.params, setting)
    for step in range(1, 4):
        model.feed(step)
        given = [p.grad for p in model.params]
        optimizer.step()
        for p, g, expected in zip(model.params, given, model.gradients(step).values(), strict=True):
            assert p.grad is g
            assert torch.equal(g, expected)


@pytest.mark.parametrize("name", list(optimizers))
def test_eval_and_back_is_the_identity(name: str, setting: dict[str, Any], make_model: Any) -> None:
    model = make_model()
    optimizer = build(name, model.params, setting)
    for step in range(1, 6):
        model.feed(step)
        optimizer.step()
    before, keys = model.bits(), {key: set(optimizer.state[p]) for key, p in model.named.items()}
    optimizer.eval()
    theta = model.bits()
    optimizer.eval()
    optimizer.zero_grad()
    assert all(torch.equal(theta[key], p.detach()) for key, p in model.named.items())
    assert torch.equal(theta["matrix"], before["matrix"]) == (optimizer.rule.interim is None)
    optimizer.train()
    optimizer.train()
    assert all(torch.equal(before[key], p.detach()) for key, p in model.named.items())
    assert {key: set(optimizer.state[p]) for key, p in model.named.items()} == keys


@pytest.mark.parametrize("name", [name for name in optimizers if optimizers[name].rule.interim])
def test_a_step_on_the_evaluation_side_is_refused_and_harms_nothing(name: str, make_model: Any) -> None:
    model = make_model()
    optimizer = build(name, model.params, {})
    for step in (1, 2):
        model.feed(step)
        optimizer.step()
    before = model.bits()
    optimizer.eval()
    with pytest.raises(InputError, match=r"call optimizer\.train\(\)"):
        optimizer.step()
    optimizer.train()
    assert all(torch.equal(before[key], p.detach()) for key, p in model.named.items())
    optimizer.step()
