from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from thalweg.core.errors import InputError
from thalweg.problems import Problem
from thalweg.train import threads as module
from thalweg.train.threads import GAIN, choose, measure, threads


@pytest.fixture
def two() -> Iterator[None]:
    """A machine on which torch has two threads."""
    with threads(2):
        yield


def test_the_count_holds_inside_only_and_also_after_an_error() -> None:
    before = torch.get_num_threads()
    with threads(before + 1):
        assert torch.get_num_threads() == before + 1
        with threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == before + 1
    with pytest.raises(KeyError), threads(before + 1):
        raise KeyError
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_refused(problem: Problem, count: int) -> None:
    before = torch.get_num_threads()
    for context in (threads(count), choose(problem, count)):
        with pytest.raises(InputError, match="number of threads is not positive"), context:
            pytest.fail("it went inside")
    assert torch.get_num_threads() == before


@pytest.mark.usefixtures("two")
def test_measuring_leaves_torch_as_it_was(make_problem: Any) -> None:
    dropping = make_problem(model=lambda: nn.Sequential(nn.Linear(6, 3), nn.Dropout(0.5)))
    before = torch.get_rng_state()
    assert measure(dropping, seconds=0.01) in (1, 2)
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("gain", "chosen"), [(GAIN + 0.05, 2), (GAIN - 0.05, 1), (0.01, 1)])
def test_two_threads_are_taken_only_if_they_clearly_pay(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, gain: float, chosen: int
) -> None:
    monkeypatch.setattr(module, "_updates", lambda problem, count, seconds: 1000 * (gain if count == 2 else 1))
    assert measure(problem) == chosen
    with choose(problem, None):
        assert torch.get_num_threads() == chosen


def test_one_thread_is_not_measured(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_updates", lambda *given: pytest.fail("it measured"))
    with threads(1):
        assert measure(problem) == 1


@pytest.mark.usefixtures("two")
def test_a_given_count_is_not_measured(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_updates", lambda *given: pytest.fail("it measured"))
    with choose(problem, 1):
        assert torch.get_num_threads() == 1
