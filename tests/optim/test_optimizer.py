"""The contract of `torch.optim.Optimizer`: groups, closures, hooks, and what is refused."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch

from thalweg.core.errors import InputError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.optim import SGD, Adagrad, Adam, Momentum, Named, Nesterov, RMSprop, build, optimizers

RULES = [name for name in optimizers if isinstance(optimizers[name], Named)]


def test_the_closure_is_evaluated_with_gradients_and_its_loss_returned(make_task: Any) -> None:
    task, twin = make_task(), make_task()
    optimizer, plain = Nesterov(task.params, lr=0.1), Nesterov(twin.params, lr=0.1)

    def closure() -> torch.Tensor:
        assert torch.is_grad_enabled()
        optimizer.zero_grad()
        loss = task.loss(1)
        loss.backward()
        return loss

    with torch.no_grad():
        loss = optimizer.step(closure)
    assert loss == twin.loss(1)
    twin.train(plain, range(1, 2))
    assert task.same(twin)
    assert optimizer.step() is None


def test_hooks_run_around_the_step(make_task: Any) -> None:
    task, heard = make_task(), []
    optimizer = Adam(task.params)
    start = task.weight.detach().clone()
    optimizer.register_step_pre_hook(lambda *_: heard.append(torch.equal(task.weight, start)))
    optimizer.register_step_post_hook(lambda *_: heard.append(torch.equal(task.weight, start)))
    task.train(optimizer, range(1, 2))
    assert heard == [True, False]


def test_a_group_can_be_added_while_training(make_task: Any) -> None:
    task = make_task()
    optimizer = Adam([task.weight], lr=0.1)
    task.train(optimizer, range(1, 3))
    optimizer.add_param_group({"params": [task.bias], "lr": 0.5, "betas": (0.5, 0.9)})
    assert optimizer.param_groups[1]["eps"] == 1e-8
    task.train(optimizer, range(3, 4))
    assert task.bias.detach().abs().min() == pytest.approx(0.5, rel=1e-6)
    assert [int(optimizer.state[p]["step"]) for p in task.params] == [3, 1]


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"lr": -1}, OutOfRangeError),
        ({"lr": math.nan}, OutOfRangeError),
        ({"betas": (0.9, 1.0)}, OutOfRangeError),
        ({"betas": (0.9,)}, InputTypeError),
        ({"betas": 0.9}, InputTypeError),
        ({"lr": None}, InputTypeError),
        ({"lr": "0.1"}, InputTypeError),
        ({"weight_decay": -0.1}, OutOfRangeError),
        ({"clip_norm": 0.0}, OutOfRangeError),
        ({"maximize": "no"}, InputTypeError),
        ({"polyak": 0.9}, InputTypeError),
        ({"amsgrad": None}, InputTypeError),
        ({"rounding_seed": 0.5}, OutOfRangeError),
    ],
)
def test_a_bad_group_is_refused_and_the_groups_stay(make_task: Any, setting: Any, error: Any) -> None:
    task = make_task()
    optimizer = Adam([task.weight], lr=0.1)
    with pytest.raises(error) as caught:
        optimizer.add_param_group({"params": [task.bias], **setting})
    assert next(iter(setting)) in str(caught.value)
    assert len(optimizer.param_groups) == 1
    with pytest.raises(error):
        Adam(task.params, **setting)
    optimizer.add_param_group({"params": [task.bias]})
    task.train(optimizer, range(1, 2))


def test_an_unknown_keyword_is_refused_by_name(make_task: Any) -> None:
    with pytest.raises(InputTypeError, match=r"SGD got an unexpected keyword argument 'beta'"):
        SGD(make_task().params, beta=0.9)  # pyright: ignore
    with pytest.raises(InputTypeError, match=r"expected: one of .*, nesterov, "):
        SGD(make_task().params, zeal=0.9)  # pyright: ignore


def test_a_form_is_torchs_or_the_books_and_the_book_lacks_what_torch_added(make_task: Any) -> None:
    for kind, added in ((SGD, "momentum"), (RMSprop, "centered"), (Adagrad, "lr_decay")):
        assert kind(make_task().params).rule.name.startswith("torch-")
        assert not kind(make_task().params, form="book").rule.name.startswith("torch-")
        with pytest.raises(UnknownNameError, match="no form named 'books'"):
            kind(make_task().params, form="books")  # pyright: ignore
        with pytest.raises(InputError, match=f"no {added}"):
            kind(make_task().params, form="book", **{added: 0.5})  # pyright: ignore


def test_whole_numbers_are_refused() -> None:
    with pytest.raises(InputTypeError, match="floating-point") as caught:
        Momentum([torch.nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False)])
    assert caught.value.got == torch.int64
    with pytest.raises(InputTypeError, match="8 bits"):
        Momentum([torch.nn.Parameter(torch.ones(2).to(torch.float8_e5m2))])


@pytest.mark.parametrize("name", RULES)
def test_a_rate_may_be_a_tensor(name: str, make_task: Any) -> None:
    task, twin = make_task(), make_task()
    rate = torch.tensor(0.25)
    optimizer: Any = build(name, task.params, {"lr": rate})  # pyright: ignore
    task.train(optimizer, range(1, 4))
    twin.train(build(name, twin.params, {"lr": 0.25}), range(1, 4))
    assert task.same(twin)
    rate.fill_(0.0)
    before = copy.deepcopy(task)
    optimizer.zero_grad()
    task.loss(4).backward()
    optimizer.step()
    goes_on = ("momentum", "nesterov", "rmsprop-nesterov", "lars")  # the rate is in the velocity
    waits = ("rprop", "asgd")  # the rate is that of the first step, or of the step before
    assert task.same(before) != (name in (*goes_on, *waits) or name.startswith("schedule-free"))


def test_no_gradient_no_step(make_task: Any) -> None:
    task, twin = make_task(), make_task()
    for kind in (SGD, Adam, Nesterov):
        optimizer = kind(task.params)
        optimizer.step()
        optimizer.eval()
        optimizer.train()
        assert task.same(twin)
        assert not optimizer.state_dict()["state"]


def test_a_frozen_parameter_is_taken_up_when_it_thaws(make_task: Any) -> None:
    task = make_task()
    task.bias.requires_grad_(False)
    optimizer = Nesterov(task.params, lr=0.1, clip_norm=1.0)
    task.train(optimizer, range(1, 3))
    assert not task.bias.any()
    task.bias.requires_grad_(True)
    task.train(optimizer, range(3, 5))
    assert [int(optimizer.state[p]["step"]) for p in task.params] == [4, 2]


@pytest.mark.parametrize("order", ["before", "after"])
def test_theta_stays_exact_wherever_the_momentum_is_changed(order: str, make_task: Any) -> None:
    task = make_task()
    optimizer = Nesterov(task.params, lr=0.1, momentum=0.9)
    task.train(optimizer, range(1, 4))
    optimizer.eval()
    theta = task.weight.detach().clone()
    if order == "after":
        optimizer.train()
    optimizer.param_groups[0]["momentum"] = 0.5
    if order == "before":
        optimizer.train()
    stored = task.weight.detach().clone()
    optimizer.align()
    assert not torch.equal(stored, task.weight)
    velocity = optimizer.state[task.weight]["v"]
    torch.testing.assert_close(task.weight.detach(), theta + 0.5 * velocity, rtol=1e-14, atol=1e-15)
    aligned = task.weight.detach().clone()
    optimizer.align()
    assert torch.equal(aligned, task.weight)
    optimizer.eval()
    torch.testing.assert_close(task.weight.detach(), theta, rtol=1e-14, atol=1e-15)


def test_a_parameter_that_missed_a_change_of_momentum_is_aligned_later(make_task: Any) -> None:
    task = make_task()
    optimizer = Nesterov(task.params, lr=0.1, momentum=0.9)
    task.train(optimizer, range(1, 4))
    optimizer.zero_grad()
    task.loss(4).backward()
    task.bias.grad = None
    optimizer.param_groups[0]["momentum"] = 0.5
    optimizer.step()
    assert [optimizer.state[p]["shift"].item() for p in task.params] == [0.5, 0.9]
    optimizer.eval()
    theta = task.bias.detach().clone()
    optimizer.train()
    optimizer.zero_grad()
    assert [optimizer.state[p]["shift"].item() for p in task.params] == [0.5, 0.5]
    expected = theta + 0.5 * optimizer.state[task.bias]["v"]
    torch.testing.assert_close(task.bias.detach(), expected, rtol=1e-14, atol=1e-15)
