"""Hooked steps: who listens hears every step, and what a hook gives reaches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from thalweg.optim import SGD, Adam


@pytest.fixture
def parameter() -> torch.nn.Parameter:
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.ones(3)
    return p


@pytest.fixture
def heard() -> Iterator[list[object]]:
    """Who steps, by a hook on all optimizers."""
    found: list[object] = []
    handle = register_optimizer_step_post_hook(lambda optimizer, args, kwargs: found.append(optimizer))
    yield found
    handle.remove()


def test_a_profiler_is_told_the_step_by_name(parameter: torch.nn.Parameter) -> None:
    optimizer = Adam([parameter])
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        optimizer.step()
    assert [e.count for e in profile.key_averages() if e.key == "Optimizer.step#Adam.step"] == [1]


def test_a_hook_on_all_optimizers_hears_steps(parameter: torch.nn.Parameter, heard: list[object]) -> None:
    optimizer = SGD([parameter], lr=0.5)
    optimizer.step()
    assert heard == [optimizer]


def test_what_a_hook_gives_is_what_the_step_gets(parameter: torch.nn.Parameter) -> None:
    optimizer = SGD([parameter], lr=0.5)
    handle = optimizer.register_step_pre_hook(lambda self, args, kwargs: ((self, lambda: 7.0), {}))
    assert optimizer.step() == 7.0  # type: ignore[func-returns-value]
    handle.remove()
    assert optimizer.step() is None
    assert parameter.tolist() == [0.0, 0.0, 0.0]


def test_torch_wraps_no_second_time(parameter: torch.nn.Parameter) -> None:
    before = SGD.step
    SGD([parameter]).load_state_dict(SGD([parameter]).state_dict())
    assert SGD.step is before
