"""Trainee: a copy that trains as the user would, whatever they hand over, and stops when it leaves all bounds."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from thalweg.check.budget import OutOfTime, within
from thalweg.check.trainee import Trainee
from thalweg.core.errors import InputTypeError


@pytest.fixture
def given(setup_of, blobs, mlp):
    return partial(setup_of, blobs, mlp(4, 6, 3), batch_size=16)


def usual(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def trained(setup, steps=30, seed=1):
    trainee = Trainee(setup, seed=seed)
    return trainee.train(steps).losses, [p.detach() for p in trainee.model.parameters()]


def test_the_usual_step_written_out_is_the_same_bit_for_bit(given):
    (losses, weights), (own, mine) = trained(given()), trained(given(train_step=usual))
    assert losses == own
    assert all(map(torch.equal, weights, mine))


def test_it_is_a_function_of_the_seed(given):
    assert trained(given(), seed=1)[0] == trained(given(), seed=1)[0] != trained(given(), seed=2)[0]


def test_recording_and_judging_change_nothing(given):
    plain, watched = Trainee(given(), seed=1), Trainee(given(), seed=1)
    expected = plain.train(12, judge=False)
    found = watched.train(12, every=3)
    assert found.losses == expected.losses
    assert [one.step for one in found.moments] == [0, 3, 6, 9]
    assert (expected.moments, expected.before, expected.after) == ((), {}, {})
    assert set(found.after["valid"]) == {"loss", "accuracy"}
    assert all(map(torch.equal, plain.model.parameters(), watched.model.parameters()))


def test_without_shuffling_samples_come_as_they_lie(given, blobs):
    trainee = Trainee(given(shuffle=False, valid=blobs))
    batches = trainee.batches()
    seen = torch.cat([next(batches)[0] for _ in range(8)])
    assert torch.equal(seen[:120], blobs[0])
    assert not torch.equal(next(Trainee(given(valid=blobs)).batches())[0], blobs[0][:16])


def test_every_rate_is_multiplied(given):
    def two(parameters):
        first, *rest = parameters
        return torch.optim.SGD([{"params": [first], "lr": 0.5}, {"params": rest}], lr=0.1)

    groups = Trainee(given(optimizer=two).replace(rate=0.2)).learner.optimizer.param_groups
    assert [group["lr"] for group in groups] == pytest.approx([0.1, 0.02])


def test_a_remedy_of_the_fresh_model_is_applied_in_order(given):
    def zero(model, optimizer):
        nn.init.zeros_(model[0].weight)

    def one_more(model, optimizer):
        with torch.no_grad():
            model[0].weight.add_(1)

    model = Trainee(given().replace(mended=(zero, one_more))).model
    assert torch.equal(model[0].weight, torch.ones(6, 4))


def test_it_ends_where_the_loss_leaves_all_bounds(given):
    trace = Trainee(given(optimizer=partial(torch.optim.SGD, lr=1e6))).train(50)
    assert trace.diverged
    assert trace.error == ""
    assert len(trace.losses) < 50


def test_what_stops_it_otherwise_is_said(given):
    class Thrice:
        left = 3

        def __call__(self, *arguments: object) -> Tensor:
            self.left -= 1
            if self.left < 0:
                raise RuntimeError("no more")
            return usual(*arguments)

    trace = Trainee(given(train_step=Thrice())).train(9)
    assert (len(trace.losses), trace.error, trace.diverged, trace.after) == (3, "RuntimeError: no more", False, {})


def test_time_ends_a_stretch_but_not_before_the_least(given):
    assert len(Trainee(given()).train(500, seconds=0, least=7).losses) == 7
    with within(0), pytest.raises(OutOfTime):
        Trainee(given()).train(5, judge=False)


@pytest.mark.parametrize("value", [None, torch.ones(2), "low"])
def test_a_step_that_returns_no_loss(given, value):
    trainee = Trainee(given(train_step=lambda *arguments: value))
    with pytest.raises(InputTypeError, match="returns no loss"):
        trainee.update(*next(trainee.batches()))


def test_an_optimizer_that_holds_the_users_own_model_steps_a_copy(given):
    mine = nn.Linear(4, 3)
    before = mine.weight.detach().clone()
    optimizer = torch.optim.SGD(mine.parameters(), lr=0.1, weight_decay=0.5)

    def step(model, optimizer, loss, x, y):
        for p in optimizer.param_groups[0]["params"]:
            p.grad = torch.ones_like(p)
        optimizer.step()
        return loss(model(x), y)

    trainee = Trainee(given(optimizer=lambda parameters: optimizer, train_step=step))
    trainee.train(3, judge=False)
    held = trainee.learner.optimizer.param_groups[0]["params"][0]
    assert not torch.equal(held, before)
    assert torch.equal(mine.weight, before)
    assert mine.weight.grad is None
    assert optimizer.param_groups[0]["params"][0] is mine.weight
