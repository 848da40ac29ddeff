"""Carry: the state of an optimizer becomes what it would be had the grown net seen the same gradients."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import InputError
from thalweg.grow import Growth, carry, deepen, widen
from thalweg.optim import build

MOMENTS = [
    "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam", "radam", "adamax", "lion", "ademamix",
    "schedule-free-sgd", "lamb", "torch-adagrad", "torch-rmsprop", "muon",
]  # fmt: skip


def net() -> nn.Module:
    torch.manual_seed(0)
    first = [nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*first, nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 3)).double()


def data() -> tuple[Tensor, Tensor]:
    return torch.randn(20, 1, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3)), torch.arange(
        20
    ) % 3


def backward(model: nn.Module) -> None:
    x, y = data()
    model.zero_grad()
    functional.cross_entropy(model(x), y).backward()


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        backward(model)
        optimizer.step()


def grown(model: nn.Module) -> Growth:
    x = data()[0]
    first = widen(model, "0", 9, x)
    return widen(first.model, "4", 12, x).after(first)


def named(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    return {name: optimizer.state[p] for name, p in model.named_parameters()}


def test_gradients_map_as_the_chain_rule_says() -> None:
    model = net()
    growth = grown(model)
    backward(model)
    backward(growth.model)
    old = dict(model.named_parameters())
    assert growth.origins.keys() == growth.model.state_dict().keys()
    for name, p in growth.model.named_parameters():
        origin = growth.origins[name]
        torch.testing.assert_close(p.grad, origin.gradient(old[origin.name].grad), rtol=1e-10, atol=1e-13)
        assert torch.equal(p, origin.value(old[origin.name]))


@pytest.mark.parametrize("name", MOMENTS)
def test_the_state_is_what_the_grown_net_would_have(name: str) -> None:
    """With a rate of almost nothing both see the same points, so that the state follows from gradients alone."""
    hyper = {"lr": 1e-9}
    model = net()
    early = grown(model)
    old = build(name, list(model.parameters()), hyper, model=model)
    train(model, old, 3)
    late = grown(model)
    new = build(name, list(late.model.parameters()), hyper, model=late.model)
    assert carry(late, old, new) == []
    expected = build(name, list(early.model.parameters()), hyper, model=early.model)
    train(early.model, expected, 3)
    theirs = named(early.model, expected)
    for key, own in named(late.model, new).items():
        assert own.keys() == theirs[key].keys()
        for slot, value in own.items():
            scale = theirs[key][slot].abs().max().item()
            torch.testing.assert_close(value, theirs[key][slot], rtol=1e-5, atol=1e-5 * scale)


STEPS = {"sgd": 1, "momentum": 1, "nesterov": 1, "adam": 0, "adagrad": 0, "rmsprop-nesterov": 0}
"""The power of the gradient by which a step grows."""


@pytest.mark.parametrize("name", STEPS)
def test_the_next_step_is_the_mapped_one(name: str) -> None:
    """Theta moves as the gradient does, or, for rules that normalize, every copy as far as its unit."""
    hyper = {"lr": 0.01} | ({"eps": 1e-30} if STEPS[name] == 0 else {})
    model = net()
    old = build(name, list(model.parameters()), hyper)
    train(model, old, 4)
    growth = grown(model)
    new = build(name, list(growth.model.parameters()), hyper)
    assert carry(growth, old, new) == []
    before = [theta(model, old), theta(growth.model, new)]
    for key, value in before[1].items():
        torch.testing.assert_close(value, growth.origins[key].value(before[0][growth.origins[key].name]))
    if name in ("nesterov", "rmsprop-nesterov"):
        return  # their interim points differ: the gradient of the next step is taken elsewhere
    train(model, old, 1)
    train(growth.model, new, 1)
    after = [theta(model, old), theta(growth.model, new)]
    for key, value in after[1].items():
        origin = growth.origins[key]
        moved = after[0][origin.name] - before[0][origin.name]
        torch.testing.assert_close(
            value - before[1][key], origin.gradient(moved, STEPS[name]), rtol=1e-5, atol=1e-10
        )


def theta(model: nn.Module, optimizer: Any) -> dict[str, Tensor]:
    """The parameters as evaluation sees them."""
    optimizer.eval()
    found = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer.train()
    return found


def test_averages_go_as_the_parameters_do() -> None:
    model = net()
    old = build("momentum", list(model.parameters()), {"lr": 0.05, "ema": 0.8, "polyak": True})
    train(model, old, 4)
    growth = grown(model)
    new = build("momentum", list(growth.model.parameters()), {"lr": 0.05, "ema": 0.8, "polyak": True})
    carry(growth, old, new)
    old.eval()
    new.eval()
    x = data()[0]
    torch.testing.assert_close(growth.model.eval()(x), model.eval()(x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "kind", [torch.optim.Adam, torch.optim.NAdam, torch.optim.Rprop, torch.optim.Adadelta, torch.optim.ASGD]
)
def test_torchs_own_optimizers_go_on(kind: Any) -> None:
    model = net()
    old = kind(model.parameters(), lr=0.01)
    train(model, old, 3)
    growth = grown(model)
    new = kind(growth.model.parameters(), lr=0.01)
    assert carry(growth, old, new) == []
    train(growth.model, new, 2)
    assert all(float(own["step"]) == 5 for own in named(growth.model, new).values())
    assert all(p.isfinite().all() for p in growth.model.parameters())


def test_a_new_layer_starts_without_state_and_others_keep_theirs() -> None:
    model = net()
    old = build("adam", list(model.parameters()), {"lr": 0.01})
    train(model, old, 3)
    growth = deepen(model, "4", data()[0])
    new = build("adam", list(growth.model.parameters()), {"lr": 0.01})
    carry(growth, old, new)
    states = named(growth.model, new)
    assert not states["4.added.weight"]
    assert torch.equal(states["4.before.weight"]["exp_avg"], old.state[model[4].weight]["exp_avg"])
    train(growth.model, new, 1)
    assert float(named(growth.model, new)["4.added.weight"]["step"]) == 1
    assert float(named(growth.model, new)["4.before.weight"]["step"]) == 4


def test_the_old_optimizer_stays_as_it_was() -> None:
    model = net()
    old = build("nesterov", list(model.parameters()), {"lr": 0.01})
    train(model, old, 2)
    before = deepcopy(old.state_dict())
    growth = grown(model)
    new = build("nesterov", list(growth.model.parameters()), {"lr": 0.01})
    carry(growth, old, new)
    train(growth.model, new, 1)
    after = old.state_dict()
    assert all(
        torch.equal(before["state"][k][s], after["state"][k][s])
        for k in before["state"]
        for s in before["state"][k]
    )


def test_a_state_that_follows_no_law_begins_anew() -> None:
    model = net()
    old = torch.optim.LBFGS(model.parameters())

    def closure() -> Tensor:
        backward(model)
        return torch.tensor(1.0)

    old.step(closure)
    growth = grown(model)
    assert carry(growth, old, torch.optim.LBFGS(growth.model.parameters())) == ["0.weight"]


def test_bad_input() -> None:
    model = net()
    old = build("nesterov", list(model.parameters()), {"lr": 0.01})
    train(model, old, 1)
    growth = grown(model)
    with pytest.raises(InputError, match="of another kind"):
        carry(growth, old, build("adam", list(growth.model.parameters()), {}))
    old.eval()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(InputError, match=r"call optimizer\.train\(\)"):
        carry(growth, old, build("nesterov", list(growth.model.parameters()), {}))
    other = build("adam", list(deepcopy(model).parameters()), {})
    for p in other.param_groups[0]["params"]:
        p.grad = torch.ones_like(p)
    other.step()
    with pytest.raises(InputError, match="none of the old model's"):
        carry(growth, other, build("adam", list(growth.model.parameters()), {}))
