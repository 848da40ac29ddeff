"""Chosen: the quickest way is taken, said, and taken again after a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.errors import UnknownNameError
from thalweg.execute import Chosen, Job, Memory, choose
from thalweg.execute.way import Way

SPEEDS = {"sequential": 100.0, "batched": 1000.0}


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Speeds that are told, not measured: by way, a cohort's growing with its square root."""
    speeds = dict(SPEEDS)
    monkeypatch.setattr(choose, "speed_alone", lambda job, count: speeds["sequential"])
    monkeypatch.setattr(choose, "speed_together", lambda jobs, count: speeds["batched"] * len(jobs) ** 0.5)
    monkeypatch.setattr(choose, "cores", lambda: 2)
    return speeds


def jobs(problem: Any, number: int, **more: Any) -> list[Job]:
    return [Job(f"job-{k}", problem, Config(optimizer="sgd", seed=k, epochs=2, **more)) for k in range(number)]


def taken(todo: list[Job], **how: Any) -> Way:
    return Chosen(threads=1, **how)._choose(todo)[0]


def test_the_quickest_is_taken_and_the_others_are_said(make_problem: Any, timed: dict[str, float]) -> None:
    chosen = Chosen(threads=1)
    runs = chosen(jobs(make_problem(), 40))
    assert len(runs) == 40
    assert (chosen.ways[0].name, chosen.ways[0].members) == ("batched", 40)
    assert chosen.said.startswith("trained in cohorts of 40 on 1 torch thread: 6,325 updates/s against ")
    assert "100 one by one" in chosen.said
    timed["batched"] = 1.0
    assert taken(jobs(make_problem(), 40)).name == "processes"
    timed["sequential"] = 1e9
    assert taken(jobs(make_problem(), 40)).name == "sequential"


def test_what_is_soon_done_is_not_measured_at_length(make_problem: Any, timed: dict[str, float]) -> None:
    timed["sequential"] = 1e6
    assert Chosen(threads=1)._choose(jobs(make_problem(), 40)) == [Way("sequential", 1, 1, 1e6)]


def test_what_cannot_be_batched_is_said(make_problem: Any, timed: dict[str, float]) -> None:
    class Moody(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x if self.weight.sum() > 0 else -x)

    chosen = Chosen(threads=1)
    ways = chosen._choose(jobs(make_problem(model=lambda: Moody(16, 3).double()), 40))
    assert [way.name for way in ways] == ["processes", "sequential"]
    assert "not in cohorts: its model, loss or metrics cannot be batched" in chosen.said


@pytest.mark.parametrize("name", ["sequential", "batched", "processes"])
def test_a_named_one_is_taken(make_problem: Any, timed: dict[str, float], name: str) -> None:
    assert {way.name for way in Chosen(name, threads=1)._choose(jobs(make_problem(), 3))} == {name}


def test_a_problem_that_cannot_be_sent_is_done_here(make_problem: Any, timed: dict[str, float]) -> None:
    timed["batched"] = 1.0
    held = open(__file__)  # noqa: SIM115, PTH123 (a thing that no pickle takes)
    problem = make_problem(
        loss=lambda output, target: nn.functional.cross_entropy(output, target) + 0 * held.fileno()
    )
    with held:
        chosen = Chosen(threads=1)
        assert len(chosen(jobs(problem, 6))) == 6
    assert [way.name for way in chosen.ways] == ["sequential"]


def test_a_model_that_fails_fails_in_its_runs(make_problem: Any) -> None:
    def fails(output: Tensor, target: Tensor) -> Tensor:
        raise RuntimeError("on purpose")

    chosen = Chosen(threads=1)
    runs = chosen(jobs(make_problem(loss=fails), 2))
    assert [str(run.outcome) for run in runs] == ["failed", "failed"]
    assert "an update fails, RuntimeError: on purpose" in chosen.said


def test_after_a_kill_the_same_way_is_gone(make_problem: Any, timed: dict[str, float], tmp_path: Path) -> None:
    todo = jobs(make_problem(), 6)
    Chosen("batched", threads=1)(todo, memory=Memory(tmp_path))
    timed["batched"] = 1.0
    again = Chosen(threads=1)
    again(todo, memory=Memory(tmp_path))
    assert [way.name for way in again.ways] == ["batched"]
    assert again.said == "trained in cohorts of 6 on 1 torch thread, as before"


def test_measured_for_real_a_small_net_is_trained_in_cohorts(make_problem: Any) -> None:
    """No bound on time: only that a choice is made, and that the threads are given back."""
    before = torch.get_num_threads()
    chosen = Chosen()
    runs = chosen(jobs(make_problem(), 8, hyper={"lr": 0.1}))
    assert {str(run.outcome) for run in runs} == {"completed"}
    assert torch.get_num_threads() == before
    assert chosen.said.startswith("trained ")


def test_names() -> None:
    with pytest.raises(UnknownNameError, match="batched"):
        Chosen("bached")
