"""The range test: which loss belongs to which rate, no lag, a cut in time, and nothing changed."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
import torch
from rich.console import Console

import thalweg as tw
from thalweg.core.config import Config
from thalweg.core.errors import InputError, UnknownNameError
from thalweg.core.plain import dumps
from thalweg.data.batches import order
from thalweg.optim import build
from thalweg.problems import Problem
from thalweg.sweep.range_test import range_test, smooth, steepest
from thalweg.train import Learner


def by_hand(problem: Problem, rates: tuple[float, ...], seed: int) -> list[float]:
    """The mini-batch losses of a plain loop: fresh weights first, then those that each rate produced."""
    model = Learner(problem, Config(optimizer="momentum", seed=seed)).model
    optimizer = build("momentum", list(model.parameters()), {})
    blocks = [block for epoch in range(99) for block in order(48, seed=seed, epoch=epoch).split(16)]
    losses: list[float] = []
    for rate, block in zip((*rates, 0.0), blocks, strict=False):
        loss = problem.loss(model(problem.train.take(block)[0]), torch.zeros(len(block)))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    return losses


def test_a_loss_belongs_to_the_rate_that_produced_the_weights(bowl: Problem) -> None:
    found = range_test(bowl, "momentum", low=1e-4, high=1e-2, steps=30, seed=3, threads=1)
    fresh, *losses = by_hand(bowl, found.rates, seed=3)
    assert found.fresh_loss == pytest.approx(fresh)
    assert found.losses == pytest.approx(losses)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) == 30


def test_rates_are_uniform_in_log_lr_and_both_ends_are_tried(bowl: Problem) -> None:
    found = range_test(bowl, "sgd", low=1e-5, high=1e-2, steps=40, threads=1)
    assert (found.rates[0], found.rates[-1]) == (1e-5, 1e-2)
    assert np.diff(np.log(found.rates)) == pytest.approx(math.log(1e3) / 39)


def test_it_is_cut_where_the_loss_leaves_all_bounds(bowl: Problem) -> None:
    found = range_test(bowl, "sgd", low=1e-4, high=1e3, threads=1)
    assert found.diverged
    assert found.rates[-1] < 10
    assert all(map(math.isfinite, found.losses))
    assert found.suggestion is not None
    assert found.suggestion < 0.2  # above, sgd diverges
    wild = range_test(bowl, "sgd", low=1e10, high=1e12, threads=1)
    assert (wild.diverged, wild.suggestion) == (True, None)


def test_smoothing_has_no_lag_and_no_bias() -> None:
    flat = smooth([2.5] * 50, 0.9)
    assert flat == pytest.approx([2.5] * 50)
    t = np.arange(201.0)
    step = smooth((1 / (1 + np.exp(-(t - 100) / 3))).tolist(), 0.9)
    assert abs(int(np.argmax(np.gradient(step))) - 100) <= 1
    assert smooth([1.0, 5.0], 0) == [1.0, 5.0]


def test_the_running_mean_is_the_textbooks_corrected_for_its_start() -> None:
    values = [3.0, 1.0, 2.0]
    forward = [np.average(values[:n], weights=[0.9**k for k in range(n)][::-1]) for n in (1, 2, 3)]
    expected = [np.average(forward[i:], weights=[0.9**k for k in range(3 - i)]) for i in range(3)]
    assert smooth(values, 0.9) == pytest.approx(expected)


@pytest.mark.parametrize("center", [1e-3, 0.02, 0.3])
def test_the_steepest_descent_over_log_lr_is_found(center: float) -> None:
    rates = np.geomspace(1e-5, 10, 200)
    losses = 1 - np.tanh(2 * np.log(rates / center)) + np.where(rates > 20 * center, rates / center / 50, 0)
    assert steepest(rates.tolist(), losses.tolist()) == pytest.approx(center, rel=0.1)


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    assert steepest([0.1, 1, 10, 100], [1, 2, 3, 4]) is None
    assert steepest([], []) is None


def test_nothing_is_changed_and_the_same_seed_gives_the_same(blobs: Problem) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, same, other = (tw.range_test(blobs, "adam", steps=20, seed=seed, threads=1) for seed in (0, 0, 1))
    assert one == same != other
    assert torch.equal(torch.get_rng_state(), before)


def test_it_says_its_suggestion_and_its_limits(bowl: Problem) -> None:
    out = Console(file=io.StringIO(), width=80)
    found = range_test(bowl, "sgd", threads=1)
    found.show(out)
    said = " ".join(out.file.getvalue().split())  # pyright: ignore[reportAttributeAccessIssue]
    assert "the loss falls fastest at lr=" in said
    assert repr(found) in said
    assert all(limit in said for limit in found.limits)
    assert json.loads(dumps(found.to_json()))["suggestion"] == found.suggestion
    range_test(bowl, "sgd", low=1e10, high=1e12, threads=1).show(out)
    assert "No suggestion" in out.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]


def test_what_cannot_be_tested_is_refused(bowl: Problem) -> None:
    for unusable in ({"steps": 3}, {"smoothing": 1}, {"low": 0.0}, {"low": 5.0, "high": 1.0}):
        with pytest.raises(InputError):
            range_test(bowl, "sgd", **unusable)
    with pytest.raises(InputError, match="takes all data"):
        range_test(bowl, "lbfgs", threads=1)
    with pytest.raises(UnknownNameError):
        range_test(bowl, "sgdd")
