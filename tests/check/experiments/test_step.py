"""What the user's own step does wrong, and what it does otherwise on purpose."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Adam


def usual(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def clipped(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return value


def of_halves(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    values = [loss(model(part), target) / 2 for part, target in zip(x.chunk(2), y.chunk(2), strict=True)]
    sum(values).backward()
    optimizer.step()
    return sum(values)


def mixed(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    other = torch.randperm(len(x))
    share = 0.8
    output = model(share * x + (1 - share) * x[other])
    value = share * loss(output, y) + (1 - share) * loss(output, y[other])
    value.backward()
    optimizer.step()
    return value


class Gathered:
    """Steps once in four batches."""

    def __init__(self):
        self.calls = 0

    def __call__(self, model, optimizer, loss, x, y):
        value = loss(model(x), y)
        (value / 4).backward()
        self.calls += 1
        if self.calls % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return value


def uncleared(model, optimizer, loss, x, y):
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def uncleared_and_clipped(model, optimizer, loss, x, y):
    value = loss(model(x), y)
    value.backward()
    clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()
    return value


def cleared_too_late(model, optimizer, loss, x, y):
    value = loss(model(x), y)
    value.backward()
    optimizer.zero_grad()
    optimizer.step()
    return value


def without_step(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    return value


def uphill(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = loss(model(x), y)
    (-value).backward()
    optimizer.step()
    return value


def in_evaluation(model, optimizer, loss, x, y):
    model.eval()
    return usual(model, optimizer, loss, x, y)


class Late:
    """Returns the loss of the batch before."""

    def __init__(self):
        self.last = None

    def __call__(self, model, optimizer, loss, x, y):
        value = usual(model, optimizer, loss, x, y).detach()
        told, self.last = value if self.last is None else self.last, value
        return told


@pytest.mark.parametrize("step", [None, usual, clipped, of_halves, mixed, Gathered()])
@pytest.mark.parametrize("optimizer", [partial(Adam, lr=3e-3), partial(SGD, lr=0.05, momentum=0.9)])
def test_steps_that_do_what_steps_do(digits_with, see, step, optimizer):
    given = digits_with(train_step=step, optimizer=optimizer)
    for look in ("gradients used", "updates made", "mode in training"):
        seen = see(given, look)
        assert not seen.suspicions, seen.suspicions
        assert seen.passed


@pytest.mark.parametrize(
    ("step", "look", "fault"),
    [
        (uncleared, "gradients used", "zero_grad"),
        (uncleared_and_clipped, "gradients used", "zero_grad"),
        (cleared_too_late, "gradients used", "zero_grad"),
        (without_step, "updates made", "params_not_optimised"),
        (uphill, "updates made", "loss_sign"),
        (Late(), "gradients used", "wrong_loss"),
    ],
)
def test_what_a_step_does_wrong_is_found_and_the_usual_step_mends_it(digits_with, see, step, look, fault):
    seen = see(digits_with(train_step=step, optimizer=partial(SGD, lr=0.05)), look)
    assert seen.faults == [fault]
    assert seen.suspicions[0].weight >= 0.9
    if fault != "wrong_loss":
        assert not seen.mended().suspicions


def test_gradients_that_all_point_one_way_say_nothing_of_the_one_before(setup_of, see):
    one = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]])
    given = setup_of(one, lambda: nn.Linear(2, 1), nn.MSELoss(), partial(SGD, lr=0.01), valid=one)
    assert see(given, "gradients used").passed


def test_an_optimizer_that_climbs(digits_with, see):
    seen = see(digits_with(optimizer=partial(SGD, lr=0.05, maximize=True)), "updates made")
    assert seen.faults == ["loss_sign"]
    assert not seen.mended().suspicions


def test_an_optimizer_of_other_parameters(digits_with, see):
    other = nn.Linear(3, 3)
    seen = see(digits_with(optimizer=lambda _: SGD(other.parameters(), lr=0.05)), "updates made")
    assert seen.faults == ["params_not_optimised"]
    assert "4 of 4" in seen.suspicions[0].finding.evidence


def test_an_optimizer_of_the_head_alone_is_given_the_rest(digits_with, see):
    seen = see(digits_with(optimizer=lambda parameters: SGD(parameters[-2:], lr=0.05)), "updates made")
    assert seen.faults == ["params_not_optimised"]
    assert not seen.mended().suspicions


def test_a_group_at_rate_zero_is_kept_on_purpose(digits_with, see):
    def kept(parameters):
        return SGD([{"params": parameters[:2], "lr": 0.0}, {"params": parameters[2:]}], lr=0.05)

    assert not see(digits_with(optimizer=kept), "updates made").suspicions


def dropping():
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10))


def test_evaluation_mode_counts_where_it_makes_a_difference(digits_with, see):
    seen = see(digits_with(model=dropping, train_step=in_evaluation), "mode in training")
    assert seen.faults == ["train_eval_mode"]
    assert not seen.mended().suspicions
    assert see(digits_with(train_step=in_evaluation), "mode in training").notes == ["train_eval_mode"]


def test_a_model_that_is_made_in_evaluation_mode(digits_with, see):
    seen = see(digits_with(model=lambda: dropping().eval()), "mode in training")
    assert seen.faults == ["train_eval_mode"]
    assert not seen.mended().suspicions


def test_frozen_normalization_is_not_evaluation_mode(digits_with, see):
    class Frozen(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)
            self[1].eval()
            return self

    model = partial(Frozen, nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
    assert not see(digits_with(model=model), "mode in training").suspicions


def test_to_climb_is_right_where_right_outputs_have_the_higher_loss(digits_with, see):
    def likelihood(output, y):
        return -nn.functional.cross_entropy(output, y)

    given = digits_with(loss=likelihood, optimizer=partial(SGD, lr=0.05, maximize=True))
    assert not see(given, "updates made").suspicions
