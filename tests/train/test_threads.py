from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.errors import InputError
from thalweg.core.run import Outcome
from thalweg.problems import Problem
from thalweg.train import Learner, fit
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


def test_what_is_timed_is_the_learners_own_update(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, update = [], Learner.update

    def counted(self: Learner, x: Tensor, y: Tensor) -> Tensor:
        before = [p.clone() for p in self.model.parameters()]
        loss = update(self, x, y)
        assert all(torch.equal(p, old) for p, old in zip(self.model.parameters(), before, strict=True))
        sizes.append(len(x))
        return loss

    monkeypatch.setattr(Learner, "update", counted)
    assert len(sizes) == 0 < module._updates(problem, 1, 0.01) == len(sizes) - 1
    assert set(sizes) == {16}


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("given", "inside"), [(1, 1), (3, 3), (None, 2)])
def test_fit_trains_on_the_threads_it_is_given_or_on_those_that_pay(
    make_problem: Any, monkeypatch: pytest.MonkeyPatch, given: int | None, inside: int
) -> None:
    monkeypatch.setattr(module, "_updates", lambda problem, count, seconds: count)
    seen: list[int] = []
    run = fit(make_problem(), epochs=1, threads=given, sink=lambda event: seen.append(torch.get_num_threads()))
    assert (run.outcome, set(seen), torch.get_num_threads()) == (Outcome.COMPLETED, {inside}, 2)


def test_a_fit_on_no_thread_is_refused(problem: Problem) -> None:
    with pytest.raises(InputError, match="number of threads is not positive"):
        fit(problem, threads=0)


def test_one_thread_is_not_measured(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_updates", lambda *given: pytest.fail("it measured"))
    with threads(1):
        assert measure(problem) == 1


@pytest.mark.usefixtures("two")
def test_a_given_count_is_not_measured(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_updates", lambda *given: pytest.fail("it measured"))
    with choose(problem, 1):
        assert torch.get_num_threads() == 1
