"""Chosen: the quickest way is taken, said, and taken again after a kill."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.errors import UnknownNameError, WorkerError
from thalweg.core.events import Event, RunEnded, RunStarted, Sink
from thalweg.core.run import Run
from thalweg.execute import Chosen, Job, Memory, choose, sequential
from thalweg.execute.way import Way

SPEEDS = {"sequential": 100.0, "batched": 1000.0}


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Speeds that are told, not measured: by way, a cohort's growing with its square root."""
    speeds = dict(SPEEDS)
    monkeypatch.setattr(choose, "speed_alone", lambda *_: speeds["sequential"])
    monkeypatch.setattr(choose, "speed_together", lambda jobs, *_: speeds["batched"] * len(jobs) ** 0.5)
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
    timed["sequential"], chosen = 1e6, Chosen(threads=1)
    assert chosen._choose(jobs(make_problem(), 40)) == [Way("sequential", 1, 1, 1e6)]
    assert chosen.said == "trained one by one on 1 torch thread: too little work to look for a quicker way"


def test_a_cohort_is_not_tried_where_that_would_cost_what_it_saves(
    make_problem: Any, timed: dict[str, float]
) -> None:
    todo, chosen = jobs(make_problem(), 4), Chosen(threads=1)
    timed["sequential"] = choose.updates_of(todo) / 20  # two updates of four members: two fifths of the work
    assert "batched" not in [way.name for way in chosen._choose(todo)]
    assert chosen.said.endswith("; not in cohorts: trying one would take too long")


def test_a_larger_cohort_is_not_tried_where_a_small_one_is_far_behind(
    make_problem: Any, timed: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = list[int]()
    monkeypatch.setattr(choose, "speed_together", lambda jobs, *_: tried.append(len(jobs)) or 50.0)
    timed["sequential"] = 100.0
    assert taken(jobs(make_problem(), 200)).name == "processes"
    assert tried == [4]


def test_jobs_like_those_before_are_not_timed_anew(make_problem: Any, timed: dict[str, float]) -> None:
    problem, chosen = make_problem(), Chosen(threads=1)
    first, said = chosen._choose(jobs(problem, 40)), chosen.said
    timed |= {"sequential": 1e5, "batched": 1.0}
    again = chosen._choose(jobs(problem, 10))
    assert set(again) == {way.among(10) for way in first}
    assert again[0].members == 10
    # an update of fewer takes less time, but part of it is the same for any number
    assert first[0].speed / 4 < again[0].speed < first[0].speed
    assert {way.members for way in chosen._choose(jobs(problem, 1))} == {1}
    assert chosen.said == said
    assert chosen._choose(jobs(problem, 100))[0].speed == 1e5  # far more work than before
    assert chosen._choose(jobs(make_problem(), 10))[0].name == "sequential"  # another problem


def test_what_cannot_be_batched_is_said(make_problem: Any, timed: dict[str, float]) -> None:
    class Moody(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x if self.weight.sum() > 0 else -x)

    chosen = Chosen(threads=1)
    ways = chosen._choose(jobs(make_problem(model=lambda: Moody(16, 3).double()), 40))
    assert [way.name for way in ways] == ["processes", "sequential"]
    assert "not in cohorts: its model, loss or metrics cannot be batched" in chosen.said


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"sampling": "hard"}, "the sampling hard asks for the last loss of each sample"),
        ({"optimizer": "lbfgs"}, "lbfgs evaluates the loss as often as it likes"),
    ],
)
def test_what_trains_alone_is_no_cohort_of_one(
    more: dict[str, str], why: str, make_problem: Any, timed: dict[str, float]
) -> None:
    todo = [Job(job.run_id, job.problem, job.config.replace(**more)) for job in jobs(make_problem(), 40)]
    chosen = Chosen("batched", threads=1)
    chosen._choose(todo)
    assert chosen.said == f"trained one by one on 1 torch thread; not in cohorts: {why}"
    chosen = Chosen(threads=1)
    assert "batched" not in [way.name for way in chosen._choose(todo)]
    assert chosen.said.endswith(f"; not in cohorts: {why}")


def test_the_slowest_tell_how_long_it_takes(
    make_problem: Any, timed: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, asked = make_problem(), list[str]()
    monkeypatch.setattr(choose, "speed_alone", lambda job, *_: asked.append(job.config.optimizer) or 10.0)
    todo = [*jobs(problem, 40), Job("slow", problem, Config(optimizer="newton", epochs=2))]
    assert taken(todo).name == "processes"
    assert asked == ["newton"]
    assert taken(todo, name="batched").members == 40


@pytest.mark.parametrize("name", ["sequential", "batched", "processes"])
def test_a_named_one_is_taken(make_problem: Any, timed: dict[str, float], name: str) -> None:
    assert {way.name for way in Chosen(name, threads=1)._choose(jobs(make_problem(), 3))} == {name}


def test_a_problem_that_cannot_be_sent_is_done_here(make_problem: Any, timed: dict[str, float]) -> None:
    timed["batched"], timed["sequential"] = 1.0, 10.0
    lock = threading.Lock()  # a thing that no pickle takes
    problem = make_problem(
        loss=lambda output, target: nn.functional.cross_entropy(output, target) + 0 * lock.locked()
    )
    chosen = Chosen(threads=1)
    assert len(chosen(jobs(problem, 6))) == 6
    assert [way.name for way in chosen.ways] == ["sequential"]
    assert "; but the loss of mlp cannot be sent to another process (" in chosen.said
    assert chosen.said.endswith("): trained one by one on 1 torch thread instead")


class Stuck:
    """What ends the worker process that rebuilds it."""

    def __reduce__(self) -> Any:
        return os._exit, (3,)

    def __call__(self) -> nn.Module:
        return nn.Linear(16, 3).double()


def test_where_workers_die_the_next_way_serves(make_problem: Any, timed: dict[str, float]) -> None:
    timed["batched"], timed["sequential"] = 1.0, 10.0
    chosen, heard = Chosen(threads=1), list[Event]()
    todo = jobs(make_problem(model=Stuck()), 6)
    assert {str(run.outcome) for run in chosen(todo, heard.append)} == {"completed"}
    assert [way.name for way in chosen.ways] == ["sequential"]
    died = "a worker process died before it began a run (it ended by itself, with exit code 3)"
    assert chosen.said.endswith(f"; but {died}: trained one by one on 1 torch thread instead")
    assert sum(isinstance(event, RunStarted) for event in heard) == 6
    assert chosen._choose(todo)[0].name == "sequential"
    with pytest.raises(WorkerError):
        Chosen("processes", threads=1)(todo)


@pytest.mark.parametrize("remembers", [False, True])
def test_runs_that_had_ended_before_the_workers_died_are_not_done_again(
    remembers: bool, make_problem: Any, timed: dict[str, float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def dying(jobs: Sequence[Job], sink: Sink, **how: Any) -> list[Run]:
        sequential(jobs[1:3], sink)
        raise WorkerError("A worker process died before it began a run.")

    ways = {"processes": dying, "sequential": sequential}
    monkeypatch.setattr(Way, "executor", property(lambda way: ways[way.name]))
    timed["batched"], timed["sequential"], heard = 1.0, 10.0, list[Event]()
    todo = jobs(make_problem(), 6)
    memory = Memory(tmp_path, {"job-0": sequential(todo[:1])[0]}) if remembers else None
    chosen = Chosen(threads=1)
    runs = chosen(todo, heard.append, memory=memory)
    assert [run.config.seed for run in runs] == list(range(6))
    ended = [event.run_id for event in heard if isinstance(event, RunEnded)]
    assert ended == ["job-1", "job-2", *([] if remembers else ["job-0"]), "job-3", "job-4", "job-5"]
    if remembers:
        again = Chosen(threads=1)
        again(todo, memory=memory)
        assert again.said == "trained one by one on 1 torch thread, as before"


def test_a_way_that_was_taken_before_a_kill_may_fail_after_it(
    make_problem: Any, timed: dict[str, float], tmp_path: Path
) -> None:
    todo = jobs(make_problem(model=Stuck()), 2)
    (tmp_path / "job-0.way.json").write_text(json.dumps(Way("processes", 1, 2, 300.0, 4.0).to_json()))
    chosen = Chosen(threads=1)
    assert len(chosen(todo, memory=Memory(tmp_path))) == 2
    assert chosen.said.startswith("trained in 2 processes, which take 4 s to start, as before; but a worker")


def test_a_start_is_told_beside_the_speed(make_problem: Any, timed: dict[str, float]) -> None:
    chosen = Chosen(threads=1)
    chosen._choose(jobs(make_problem(), 40))
    assert "against 170 in 2 processes, which take 4 s to start, or 100 one by one (measured" in chosen.said


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
