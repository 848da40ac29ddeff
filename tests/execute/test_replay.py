"""Passes that are played are to the bit what they are live, on every problem of the catalog that qualifies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.errors import MissingDataError
from thalweg.execute.cohort import Cohort
from thalweg.execute.replay import Replay
from thalweg.problems import Problem, load
from thalweg.problems.catalog import rows
from thalweg.train import Learner

LIVE = {"shakespeare/lstm": "mkldnn_rnn_layer", "shakespeare/transformer": ""}
"""What stays live, and why; the transformer draws."""


def cohort(problem: Problem, members: int = 3, *, shared: bool = True) -> Cohort:
    """Members of one seed, and so of one order of samples, if they share batches."""
    base = Config(optimizer="sgd", batch_size=min(8, problem.batch_size))
    settings = [{"hyper": {"lr": 10.0 ** -(6 + k)}, "seed": 0 if shared else k} for k in range(members)]
    return Cohort([Learner(problem, base.replace(**own)) for own in settings])


def batches(of: Cohort, count: int) -> Iterator[tuple[Tensor, Tensor, bool]]:
    of.learners[0].model.train()
    with of.learners[0].own_generators():
        yield from islice(of.upcoming(), count)


def copied(tensors: Any) -> list[Tensor | None]:
    return [None if t is None else t.clone() for t in tensors]


def gradients(of: Cohort, x: Tensor, y: Tensor, *, shared: bool, step: int = 0) -> list[Tensor | None]:
    losses, found = of.gradients(x, y, shared=shared, step=step)
    return copied([losses, *found, *of.stacks.buffers.values()])


def assert_equal(ones: list[Tensor | None], others: list[Tensor | None]) -> None:
    for one, other in zip(ones, others, strict=True):
        assert (one is None) == (other is None)
        assert one is None or other is None or torch.equal(one, other)


def live(of: Cohort) -> Cohort:
    """The same cohort, with nothing recorded."""
    of.passes._unfit = "told so"
    for replay in (*of.passes._training.values(), *of.passes._judging.values()):
        replay.obstacle = "told so"
    return of


@pytest.mark.parametrize("name", [row.name for row in rows])
def test_every_problem_of_the_catalog_is_played_to_the_bit_or_stays_live(name: str) -> None:
    try:
        problem = load(name)
    except MissingDataError as missing:
        pytest.skip(str(missing))
    playing, plain = cohort(problem), live(cohort(problem))
    for x, y, shared in batches(playing, 6):
        mine, its = (gradients(of, x, y, shared=shared) for of in (playing, plain))
        assert_equal(mine, its)
    replay = playing.passes._training[True]
    if name in LIVE:
        assert replay.played == 0
        assert LIVE[name] in replay.obstacle
    else:
        assert (replay.obstacle, replay.played > 0 or problem.batch_size == 1) == ("", True)


def trained(of: Cohort, epochs: int) -> list[list[float]]:
    curves = [of.train_epoch() for _ in range(epochs)]
    return [[epoch.train_loss for epoch in epochs] for epochs in curves]


@pytest.mark.parametrize("shared", [True, False])
def test_epochs_with_a_smaller_last_batch_and_validation_are_the_same(make_problem: Any, shared: bool) -> None:
    problem = make_problem("mlp")
    playing, plain = (cohort(problem, shared=shared) for _ in range(2))
    for _ in range(5):
        ones, others = playing.train_epoch(), live(plain).train_epoch()
        assert [(a.train_loss, a.valid) for a in ones] == [(b.train_loss, b.valid) for b in others]
    replays = playing.passes._training[shared], *playing.passes._judging.values()
    assert all(
        replay.played and len(replay._trusted) == shapes for replay, shapes in zip(replays, (2, 1), strict=True)
    )


def test_members_that_are_left_go_on_as_they_would(make_problem: Any) -> None:
    problem = make_problem("mlp")
    playing, plain = cohort(problem, 4), live(cohort(problem, 4))
    for of in (playing, plain):
        of.train_epoch()
        of.retain([0, 2])
    assert trained(playing, 3) == trained(live(plain), 3)


def test_batch_norm_moves_its_averages_on(make_problem: Any) -> None:
    def model() -> nn.Module:
        return nn.Sequential(nn.Linear(16, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3)).double()

    problem = make_problem(model=model)
    playing, plain = cohort(problem), cohort(problem)
    assert trained(playing, 3) == trained(live(plain), 3)
    assert playing.passes._training[True].played > 0
    assert_equal(copied(playing.stacks.buffers.values()), copied(plain.stacks.buffers.values()))


def test_a_pass_whose_recording_gives_something_else_stays_live() -> None:
    calls: list[int] = []

    def odd(x: Tensor, y: Tensor) -> list[Tensor]:
        calls.append(0)
        return [x * len(calls)]

    replay = Replay(odd)
    for k in range(1, 5):
        found = replay(torch.ones(2), torch.ones(2))[0]
        assert found is not None
        assert found.tolist() == [k, k]
    assert (replay.played, replay.obstacle) == (0, "a recording of it did not give what the pass gives")


def test_a_users_own_model_and_one_that_draws_stay_live(make_problem: Any) -> None:
    own = cohort(make_problem("recurrent"))
    assert own.passes._training[True].obstacle == "the whole is a Recurrent"
    drawing = cohort(make_problem(model=lambda: nn.Sequential(nn.Dropout(), nn.Linear(16, 3)).double()))
    drawing.train_epoch()
    assert all(replay.played == 0 for replay in drawing.passes._training.values())
