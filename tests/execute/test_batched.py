"""Batched: the same Runs as one after the other, whatever happens to a member, and after a kill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError
from thalweg.core.events import Event, Notice, RunEnded, RunStarted, single
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute import Job, Memory, batched, crew, log, room, sequential
from thalweg.execute.cohort import Cohort
from thalweg.problems import Metric, Problem
from thalweg.train import Learner


class Heard(list[Event]):
    """A sink that keeps single events."""

    def __call__(self, event: Event) -> None:
        self += single(event)

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self if isinstance(event, Notice)]


class Half:
    """A gate that lets the better half go on."""

    def __init__(self, *stops: int) -> None:
        self.stops, self.seen = stops, list[tuple[int, list[str], Set[str]]]()

    def losers(self, stop: int, curves: Mapping[str, Sequence[Epoch]], broken: Set[str]) -> set[str]:
        assert all(len(curve) == stop for curve in curves.values())
        self.seen.append((stop, list(curves), broken))
        ranked = sorted(curves, key=lambda run_id: curves[run_id][-1].valid["loss"])
        return set(ranked[(len(ranked) + 1) // 2 :])


def jobs(problem: Problem, *configs: Config, test: bool = False) -> list[Job]:
    return [Job(f"job-{k}", problem, config, test) for k, config in enumerate(configs)]


def rates(*lrs: float, **more: Any) -> list[Config]:
    return [Config(optimizer="sgd", hyper={"lr": lr}, seed=k, **more) for k, lr in enumerate(lrs)]


def assert_same(mine: Sequence[Run], theirs: Sequence[Run]) -> None:
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs, strict=True):
        for name in ("problem", "config", "outcome", "steps", "best_epoch", "message"):
            assert getattr(one, name) == getattr(other, name), name
        assert [e.train_loss for e in one.epochs] == pytest.approx(
            [e.train_loss for e in other.epochs], rel=1e-9, nan_ok=True
        )
        assert dict(one.valid) == pytest.approx(dict(other.valid), rel=1e-9, nan_ok=True)
        assert (one.test is None) == (other.test is None)
        assert dict(one.test or {}) == pytest.approx(dict(other.test or {}), rel=1e-9, nan_ok=True)


MIXED = [
    *rates(0.1, 0.3),
    Config(optimizer="adam", hyper={"lr": 0.01}, epochs=2),
    Config(optimizer="sgd", hyper={"lr": 1e200}),
    Config(optimizer="nesterov", hyper={"lr": 0.05}, patience=1, epochs=9),
    Config(optimizer="momentum", hyper={"lr": 0.05}, keep="best", batch_size=50),
    Config(optimizer="lbfgs", epochs=2),
    Config(optimizer="muon", hyper={"lr": 0.02}, epochs=1),
]


@pytest.mark.parametrize("chunk", [2, 64])
def test_the_runs_are_those_of_one_after_the_other(make_problem: Any, chunk: int) -> None:
    problem = make_problem()
    todo = jobs(problem, *MIXED, test=True)
    heard = Heard()
    mine = batched(todo, heard, chunk=chunk)
    assert_same(mine, sequential(todo))
    assert {run.outcome for run in mine} == {Outcome.COMPLETED, Outcome.DIVERGED, Outcome.STOPPED_EARLY}
    ended = {event.run_id: event.run for event in heard if isinstance(event, RunEnded)}
    assert [ended[job.run_id] for job in todo] == mine
    assert heard.notices == []


@pytest.mark.parametrize("chunk", [2, 64])
def test_a_gate_closes_for_the_same_runs(make_problem: Any, chunk: int) -> None:
    problem = make_problem()
    todo = jobs(problem, *rates(1e-3, 0.3, 0.1, 1e200, 1e-2), Config(optimizer="lbfgs", epochs=1))
    gates = [Half(1, 2), Half(1, 2)]
    mine, theirs = batched(todo, gate=gates[0], chunk=chunk), sequential(todo, gate=gates[1])
    assert gates[0].seen == gates[1].seen
    assert gates[0].seen == [
        (1, ["job-0", "job-1", "job-2", "job-4"], {"job-3"}),
        (2, ["job-1", "job-2"], {"job-3"}),
    ]
    assert_same(mine, theirs)
    assert [run.outcome for run in mine].count(Outcome.PRUNED) == 3


def test_what_cannot_be_batched_is_done_alone_with_a_word(make_problem: Any) -> None:
    class Moody(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x if self.weight.sum() > 0 else -x)

    class Counts(nn.Linear):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return super().forward(x) / self.calls

    for kind, word in ((Moody, "cannot be batched"), (Counts, "calls changes in the forward pass")):
        problem = make_problem(model=lambda kind=kind: kind(16, 3).double())
        heard = Heard()
        assert_same(batched(jobs(problem, *rates(0.1, 0.2)), heard), sequential(jobs(problem, *rates(0.1, 0.2))))
        assert len(heard.notices) == 1
        assert word in heard.notices[0]


def test_layers_that_draw_unseen_are_named(make_problem: Any) -> None:
    class Lossy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(4, 5, 2, batch_first=True, dropout=0.5), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.lstm(x.unflatten(1, (4, 4)))[0][:, -1])

    heard = Heard()
    runs = batched(jobs(make_problem(model=lambda: Lossy().double()), *rates(0.1, 0.1)), heard)
    assert [run.outcome for run in runs] == [Outcome.COMPLETED] * 2
    assert heard.notices == ["lstm (LSTM) of mlp draw other numbers in a cohort than alone"]


def test_an_error_costs_the_run_that_it_belongs_to(make_problem: Any) -> None:
    def fails_when_good(output: Tensor, target: Tensor) -> Tensor:
        loss = functional.cross_entropy(output, target)
        if not torch._C._functorch.is_batchedtensor(loss) and loss < 0.3:
            raise RuntimeError("on purpose")
        if torch._C._functorch.is_batchedtensor(loss) and calls.pop(0):
            raise RuntimeError("somebody is too good")
        return loss

    calls = [False] * 60 + [True] * 10
    problem = make_problem(loss=fails_when_good)
    heard = Heard()
    runs = batched(jobs(problem, *rates(1e-4, 0.5)), heard)
    assert [run.outcome for run in runs] == [Outcome.COMPLETED, Outcome.FAILED]
    assert "on purpose" in runs[1].message
    assert heard.notices == ["2 runs go on one by one, for in their cohort: RuntimeError: somebody is too good"]


def test_a_cohort_that_does_not_fit_is_halved_and_says_so(
    make_problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = make_problem()
    todo = jobs(problem, *rates(0.1, 0.2, 0.3, 0.4, 0.5))
    weights, activations = room.needs(problem)
    each = room.COPIES * weights + 2 * activations * 16
    monkeypatch.setattr(room, "LITTLE", 0)
    monkeypatch.setattr(room, "free_bytes", lambda device: int(3.5 * each / room.SHARE))
    heard = Heard()
    assert_same(batched(todo, heard), sequential(todo))
    assert heard.notices == ["5 members do not fit in memory: 3 are trained at a time"]


def test_a_broken_member_that_cannot_be_judged_costs_no_other(make_problem: Any) -> None:
    class Strict(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            if not self.training and not torch._C._functorch.is_batchedtensor(self.weight):
                assert self.weight.isfinite().all(), "on purpose"
            return super().forward(x)

    x, y = make_problem().train.take(torch.arange(314))
    many = {"train": (x.repeat(8, 1), y.repeat(8)), "epochs": 1}  # more than a block of updates
    problem = make_problem(model=lambda: Strict(16, 3).double(), **many)
    runs = batched(jobs(problem, *rates(0.1, 1e308, 0.2)))
    assert [run.outcome for run in runs] == [Outcome.COMPLETED, Outcome.FAILED, Outcome.COMPLETED]


def test_metrics_that_cannot_be_batched_are_found_before_the_first_run(make_problem: Any) -> None:
    metric = Metric("numbers", lambda output, target: torch.tensor(float(output.detach().numpy().mean())))
    heard = Heard()
    problem = make_problem(metrics=[metric])
    assert_same(batched(jobs(problem, *rates(0.1, 0.2)), heard), sequential(jobs(problem, *rates(0.1, 0.2))))
    out = "its model, loss or metrics cannot be batched: a tensor is taken out of torch, by .numpy() or the like"
    assert out in heard.notices[0]


def test_a_model_that_draws_in_evaluation_is_trained_alone(make_problem: Any) -> None:
    class Always(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return functional.dropout(super().forward(x), 0.5, training=True)

    heard = Heard()
    problem = make_problem(model=lambda: Always(16, 3).double())
    assert_same(batched(jobs(problem, *rates(0.1, 0.2)), heard), sequential(jobs(problem, *rates(0.1, 0.2))))
    assert "its loss in a cohort is not what it is alone" in heard.notices[0]


@pytest.mark.parametrize("recurrent", [False, True])
def test_what_the_loss_does_not_reach_stands_still(make_problem: Any, recurrent: bool) -> None:
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(4, 5, batch_first=True)
            self.norm, self.spare = nn.BatchNorm1d(16), nn.Linear(2, 2)
            self.out = nn.Linear(5 if recurrent else 16, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.norm(x)
            return self.out(self.lstm(x.unflatten(1, (4, 4)))[0][:, -1] if recurrent else x)

    problem = make_problem(model=lambda: Spare().double(), epochs=2)
    configs = [
        Config(optimizer="sgd", hyper={"lr": 0.1, "weight_decay": 0.5}, seed=k, epochs=k + 1) for k in (0, 1)
    ]
    cohort = Cohort([Learner(problem, config) for config in configs])
    before = cohort.learners[0].model.spare.weight.clone()
    cohort.train_epoch()
    assert torch.equal(cohort.learners[0].model.spare.weight, before)
    assert_same(batched(jobs(problem, *configs)), sequential(jobs(problem, *configs)))


def test_what_was_written_down_of_other_settings_is_refused(
    make_problem: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "EVERY", -1.0)
    batched(jobs(make_problem(), *rates(0.1, 0.2)), stop_after(3)[1], memory=Memory(tmp_path))
    with pytest.raises(CheckpointError, match="is of another run"):
        batched(jobs(make_problem(), *rates(0.3, 0.4)), memory=Memory(tmp_path))
    with pytest.raises(CheckpointError, match="does not fit the model"):
        batched(jobs(make_problem("conv"), *rates(0.1, 0.2)), memory=Memory(tmp_path))


def test_memory_that_runs_out_under_way_halves_the_cohort(
    make_problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = make_problem()
    todo = jobs(problem, *rates(0.1, 0.2, 0.3, 0.4))
    whole = crew.Cohort.train_block

    def short(cohort: crew.Cohort) -> bool:
        if len(cohort.learners) > 2 and cohort.learners[0].epoch == 1:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return whole(cohort)

    monkeypatch.setattr(crew.Cohort, "train_block", short)
    heard = Heard()
    assert_same(batched(todo, heard), sequential(todo))
    assert heard.notices == ["4 members do not fit in memory: 2 are trained at a time"]


def stop_after(number: int) -> Any:
    """A sink that presses Ctrl-C when so many epochs were told."""
    heard = Heard()

    def sink(event: Event) -> None:
        heard(event)
        if sum(hasattr(one, "epoch") for one in heard) >= number:
            raise KeyboardInterrupt

    return heard, sink


@pytest.mark.parametrize("gate", [False, True])
def test_what_was_interrupted_goes_on_to_the_same_bits(
    make_problem: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: bool
) -> None:
    monkeypatch.setattr(log, "EVERY", -1.0)
    problem = make_problem("conv")
    todo = jobs(problem, *MIXED[:6])
    whole = batched(todo, gate=Half(2) if gate else None)
    known: dict[str, Run] = {}
    for number in (3, 9, 4):
        heard, sink = stop_after(number)
        batched(todo, sink, gate=Half(2) if gate else None, memory=Memory(tmp_path, known))
        ended = [event for event in heard if isinstance(event, RunEnded)]
        assert not set(known) & {event.run_id for event in heard if isinstance(event, RunStarted)}
        known |= {e.run_id: e.run for e in ended if e.run.outcome is not Outcome.INTERRUPTED}
    again = batched(todo, gate=Half(2) if gate else None, memory=Memory(tmp_path, known))
    strip = [[(e.number, e.step, e.lr, e.train_loss, e.valid) for e in run.epochs] for run in again]
    assert repr(strip) == repr(
        [[(e.number, e.step, e.lr, e.train_loss, e.valid) for e in r.epochs] for r in whole]
    )
    assert [run.outcome for run in again] == [run.outcome for run in whole]
