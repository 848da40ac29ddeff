"""Parameters and states that move, change dtype, lie strided in memory or are copied with their optimizer."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch

from thalweg import optim
from thalweg.core.errors import InputError, InputTypeError, OutOfRangeError
from thalweg.optim import Named, build, optimizers

RULES = [name for name in optimizers if isinstance(optimizers[name], Named)]


def shift(tensor: torch.Tensor, dtype: torch.dtype | None = None) -> None:
    """Move a tensor to other memory under the same object."""
    tensor.data = tensor.data.clone().to(dtype or tensor.dtype)


@pytest.mark.parametrize("name", RULES)
def test_parameters_and_states_may_move(name: str, make_task: Any) -> None:
    task, twin = make_task(), make_task()
    optimizer, still = build(name, task.params, {"lr": 0.05}), build(name, twin.params, {"lr": 0.05})
    for step in range(1, 9):
        task.train(optimizer, range(step, step + 1))
        twin.train(still, range(step, step + 1))
        if step in (2, 5):
            shift(task.weight)
        if step in (4, 5):
            for own in optimizer.state.values():
                for value in own.values():
                    shift(value)
        if step == 6:
            for own in optimizer.state.values():
                own.update({key: value.clone() for key, value in own.items()})
    assert task.same(twin)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", RULES)
def test_parameters_may_change_their_dtype(name: str, dtype: torch.dtype, make_task: Any) -> None:
    task = make_task()
    optimizer = build(name, task.params, {"lr": 0.05})
    task.train(optimizer, range(1, 4))
    for p in task.params:
        p.grad = None
        shift(p, dtype)
    task.train(optimizer, range(4, 7))
    assert all(p.dtype is dtype and p.isfinite().all() for p in task.params)
    for p in task.params:
        for key, value in optimizer.state[p].items():
            assert value.dtype is (torch.float32 if value.dim() else torch.float64), key
        assert int(optimizer.state[p]["step"]) == 6


@pytest.mark.parametrize(
    ("source", "target"), [("float32", "bfloat16"), ("float32", "float64"), ("bfloat16", "float32")]
)
@pytest.mark.parametrize("kind", [optim.Adam, optim.Nesterov, optim.ScheduleFreeAdamW])
def test_a_run_is_resumed_in_another_dtype(kind: Any, source: str, target: str, make_task: Any) -> None:
    first = make_task(getattr(torch, source))
    optimizer = kind(first.params, lr=0.02)
    first.train(optimizer, range(1, 6))
    second = make_task(getattr(torch, target))
    for p, q in zip(second.params, first.params, strict=True):
        p.data.copy_(q.data)
    resumed = kind(second.params)
    resumed.load_state_dict(optimizer.state_dict())
    first.train(optimizer, range(6, 9))
    second.train(resumed, range(6, 9))
    narrow = "bfloat16" in (source, target)
    for p, q in zip(second.params, first.params, strict=True):
        torch.testing.assert_close(
            p, q, rtol=0.1 if narrow else 1e-5, atol=0.02 if narrow else 1e-6, check_dtype=False
        )


def strided(p: torch.Tensor, how: str) -> torch.Tensor:
    """The same numbers laid out otherwise."""
    if how == "transposed":
        return p.t().contiguous().t()
    if how == "with gaps":
        return torch.zeros(*p.shape, 3, dtype=p.dtype)[..., 1].copy_(p)
    return p.flip(0).clone().flip(0) if how == "copied" else p.clone()


@pytest.mark.parametrize("how", ["transposed", "with gaps"])
@pytest.mark.parametrize("of", ["parameter", "gradient", "both"])
@pytest.mark.parametrize("kind", [optim.Adam, optim.LAMB, optim.SGD])
def test_strides_make_no_difference(kind: Any, of: str, how: str) -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(4, 3, generator=generator)
    ours, plain = (
        torch.nn.Parameter(strided(start, how if of != "gradient" else "")),
        torch.nn.Parameter(start.clone()),
    )
    where = ours.data_ptr()
    first, second = kind([ours], lr=0.1, clip_norm=0.5), kind([plain], lr=0.1, clip_norm=0.5)
    for _ in range(4):
        g = torch.randn(4, 3, generator=generator)
        ours.grad, plain.grad = strided(g, how if of != "parameter" else ""), g
        first.step()
        second.step()
    torch.testing.assert_close(ours, plain, rtol=1e-6, atol=1e-7)
    assert ours.data_ptr() == where


def test_an_expanded_gradient_is_read_and_an_expanded_parameter_refused() -> None:
    p = torch.nn.Parameter(torch.zeros(3, 2))
    p.grad = torch.ones(()).expand(3, 2)
    optim.SGD([p], lr=0.5).step()
    assert torch.equal(p, torch.full((3, 2), -0.5))
    with pytest.raises(InputError, match="share one place"):
        optim.SGD([torch.zeros(1).expand(4).requires_grad_()])


def test_empty_and_single_numbers_are_parameters_too() -> None:
    params = [torch.nn.Parameter(torch.ones(shape)) for shape in ((0,), (2, 0), (), (1,))]
    for kind in (optim.Adam, optim.LAMB, optim.Nesterov):
        optimizer = kind(params, lr=0.1, clip_norm=1.0)
        for _ in range(3):
            for p in params:
                p.grad = torch.ones_like(p)
            optimizer.step()
        assert all(p.isfinite().all() for p in params)
        assert params[2] < 1


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_states_have_the_dtype_that_is_asked_for(dtype: torch.dtype, make_task: Any) -> None:
    task, twin = make_task(torch.float32), make_task(torch.float32)
    optimizer = optim.Adam(task.params, lr=0.02, state_dtype=dtype)
    task.train(optimizer, range(1, 6))
    twin.train(optim.Adam(twin.params, lr=0.02), range(1, 6))
    assert {optimizer.state[p][key].dtype for p in task.params for key in ("exp_avg", "exp_avg_sq")} == {dtype}
    rtol = 0.05 if dtype.itemsize == 2 else 1e-5
    torch.testing.assert_close(task.params, twin.params, rtol=rtol, atol=rtol)
    again = optim.Adam(task.params)
    again.load_state_dict(optimizer.state_dict())
    assert again.state[task.weight]["exp_avg"].dtype is dtype


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ({"state_dtype": torch.int8}, InputTypeError),
        ({"state_dtype": "float32"}, InputTypeError),
        ({"rounding": "up"}, InputError),
        ({"rounding_seed": -1}, OutOfRangeError),
        ({"rounding": "stochastic"}, InputTypeError),
    ],
)
def test_what_no_step_could_keep_to_is_refused(setting: Any, error: Any) -> None:
    with pytest.raises(error):
        optim.Adam([torch.nn.Parameter(torch.ones(2, dtype=torch.float16))], **setting)


@pytest.mark.parametrize("how", ["deepcopy", "pickle"])
@pytest.mark.parametrize("name", RULES)
def test_a_copy_goes_on_by_itself(name: str, how: str, make_task: Any) -> None:
    task = make_task()
    optimizer = build(name, task.params, {"lr": 0.05, "clip_norm": 1.0, "ema": 0.5})
    task.train(optimizer, range(1, 4))
    pair = (task, optimizer)
    twin, other = copy.deepcopy(pair) if how == "deepcopy" else pickle.loads(pickle.dumps(pair))
    assert all(p is q for p, q in zip(other.param_groups[0]["params"], twin.params, strict=True))
    task.train(optimizer, range(4, 7))
    assert not task.same(twin)
    twin.train(other, range(4, 7))
    assert task.same(twin)


def test_autograd_notices_that_a_step_has_written_to_a_saved_parameter() -> None:
    w = torch.nn.Parameter(torch.ones(3))
    x = torch.ones(3, requires_grad=True)
    loss = (w * x).sum()
    loss.backward(retain_graph=True)
    build("sgd", [w], {"lr": 0.1}).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_parameter_that_shrinks_or_turns_at_its_address_is_laid_out_anew() -> None:
    memory = torch.ones(6)
    p = torch.nn.Parameter(memory[:6])
    optimizer = build("sgd", [p], {"lr": 0.1})
    p.grad = torch.ones(6)
    optimizer.step()
    p.data = memory[:3]
    p.grad = torch.ones(3)
    optimizer.step()
    torch.testing.assert_close(memory, torch.tensor([0.8] * 3 + [0.9] * 3))
    square = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = build("sgd", [square], {"lr": 1.0})
    square.grad = torch.zeros(2, 2)
    optimizer.step()
    square.data = square.data.t()
    square.grad = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    optimizer.step()
    assert square.tolist() == [[0.0, -1.0], [0.0, 0.0]]


@pytest.mark.parametrize("name", ["adam", "momentum", "nesterov", "rprop", "lamb"])
def test_a_state_that_no_longer_fits_its_parameter_is_refused(name: str) -> None:
    """A kernel would read and write beyond its end."""
    for shape in ((70_000,), (3,), (3, 2)):
        p = torch.nn.Parameter(torch.ones(2, 3))
        optimizer = build(name, [p], {"lr": 0.1})
        p.grad = torch.ones(2, 3)
        optimizer.step()
        p.data, p.grad = torch.ones(shape), None
        p.grad = torch.ones(shape)
        with pytest.raises(InputError, match="another shape than the parameter") as caught:
            optimizer.step()
        assert (caught.value.got, caught.value.expected) == ((2, 3), shape)
        assert torch.equal(p, torch.ones(shape))
        optimizer.state[p].clear()
        optimizer.step()
        assert not torch.equal(p, torch.ones(shape))


@pytest.mark.parametrize("key", ["weight_decay", "l1", "decoupled_decay"])
def test_a_setting_in_a_tensor_may_be_filled_anew(key: str) -> None:
    p, q = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    held = torch.tensor(0.0)
    optimizer, fixed = build("sgd", [p], {"lr": 0.1}), build("sgd", [q], {"lr": 0.1, key: 0.5})
    optimizer.param_groups[0][key] = held
    for one in (p, q):
        one.grad = torch.zeros(2)
    optimizer.step()
    held.fill_(0.5)
    optimizer.step()
    fixed.step()
    assert torch.equal(p, q)
    assert p[0] != 1.0
