"""Remedies: the same updates and seeds with and without a change; what cannot be measured proves nothing."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import nn

from thalweg.check.budget import within
from thalweg.check.look import Change
from thalweg.check.remedies import LEAST, LONG, MOST, POINTS, SEEDS, Trials
from thalweg.check.setup import Setup

SGD = torch.optim.SGD


@pytest.fixture(scope="module")
def given(setup_of, blobs, mlp):
    """A set-up that learns too slowly, by default."""
    return lambda lr=1e-5, **how: setup_of(
        blobs, mlp(4, 8, 3), optimizer=partial(SGD, lr=lr), batch_size=16, **how
    )


def times(rate: float) -> Change:
    return Change(words=f"{rate} times the rate", apply=lambda setup: setup.replace(rate=setup.rate * rate))


def test_a_remedy_that_helps(given):
    proof = Trials(given()).attempt("lr_too_low", times(1e4))
    assert proof.helped
    assert (proof.change, proof.measure, proof.higher_is_better) == (
        "10000.0 times the rate",
        "validation accuracy",
        True,
    )
    assert proof.after > proof.before + 0.1
    assert 2 <= proof.seeds <= SEEDS
    assert LEAST <= proof.steps <= MOST
    assert proof.curves["with"][-1] < proof.curves["without"][-1]
    assert {len(curve) for curve in proof.curves.values()} == {min(POINTS, len(proof.curves["with"]))}


def test_one_that_does_nothing_does_not(given):
    proof = Trials(given()).attempt("lr_too_low", Change(words="nothing", apply=lambda setup: setup))
    assert not proof.helped
    assert proof.before == proof.after
    assert proof.curves["with"] == proof.curves["without"]


def test_one_that_harms_does_not(given):
    assert not Trials(given(0.1)).attempt("lr_too_high", times(1e-5)).helped


def test_a_run_that_diverges_is_the_worst_there_is(given):
    proof = Trials(given(1e9)).attempt("lr_too_high", times(1e-10))
    assert proof.helped
    assert math.isnan(proof.before)
    assert proof.after > 0.5
    assert proof.curves["without"] == ()
    proof = Trials(given(0.1)).attempt("lr_too_high", times(1e10))
    assert not proof.helped
    assert math.isnan(proof.after)


def test_runs_without_the_remedy_are_made_once(given, monkeypatch):
    trials, made = Trials(given()), []
    original = trials._without
    trials.attempt("lr_too_low", times(1e4))
    known = dict(trials.known)
    monkeypatch.setattr(trials, "_without", lambda *at: made.append(at) or original(*at))
    trials._steps = lambda fault, mended: next(iter(known))[0]  # the machine may be slower now
    trials.attempt("lr_too_low", times(1e3))
    assert made
    assert {at: trials.known[at] for at in known} == known
    assert len(trials.known) <= SEEDS


def test_other_seeds_than_that_which_showed_the_fault(given):
    trials = Trials(given(), seed=5)
    trials.attempt("lr_too_low", times(1e4))
    seeds = {course.trainee.learner.config.seed for course in trials.known.values()}
    assert seeds <= {6, 7, 8}


def broken(setup: Setup) -> Setup:
    raise ValueError("cannot be applied")


@pytest.mark.parametrize(
    "apply",
    [
        broken,
        lambda setup: setup.with_problem(model=lambda: 1 / 0),
        lambda setup: setup.replace(factory=lambda p: None),
    ],
)
def test_a_change_that_cannot_be_made_proves_nothing(given, apply):
    assert Trials(given()).attempt("lr_too_low", Change(words="odd", apply=apply)) is None


def test_a_mended_set_up_that_cannot_be_trained_does_not_help(given):
    wrong = Change(words="odd", apply=lambda setup: setup.with_problem(model=lambda: nn.Linear(5, 3)))
    proof = Trials(given(0.1)).attempt("lr_too_low", wrong)
    assert not proof.helped
    assert math.isnan(proof.after)


def test_where_neither_runs_nothing_is_measured(setup_of, blobs, mlp):
    assert Trials(setup_of(blobs, mlp(5, 3))).attempt("tensor_shape", times(2)) is None


def test_a_validation_split_that_cannot_be_judged_loses_nothing(given, blobs):
    x, y = blobs
    assert Trials(given(valid=(x[:, :3], y))).attempt("lr_too_low", times(1e4)) is None


def test_no_time_for_two_pairs_proves_nothing(given):
    with within(0):
        assert Trials(given()).attempt("lr_too_low", times(1e4)) is None


def test_losses_of_two_kinds_are_not_compared(setup_of, blobs, mlp):
    def loss(output, y):
        return nn.functional.cross_entropy(output["all"], y)

    class Net(nn.Linear):
        def forward(self, x):
            return {"all": super().forward(x)}

    def halved(output, y):
        return loss(output, y) / 2

    given = setup_of(blobs, lambda: Net(4, 3), loss, metrics=[])
    other = Change(words="half the loss", apply=lambda setup: setup.with_problem(loss=halved))
    assert Trials(given).attempt("wrong_loss", other) is None
    assert Trials(given).attempt("lr_too_low", times(2)).measure == "validation loss"


def test_a_smaller_batch_sees_as_many_samples(given):
    def smaller(setup: Setup) -> Setup:
        return setup.replace(config=setup.config.replace(batch_size=4))

    trials = Trials(given())
    made = trials._with(smaller(trials.setup), 10, 0)
    assert len(made.losses) == 40


def test_harm_that_shows_late_is_given_its_updates(given, monkeypatch):
    trials = Trials(given(epochs=1000))
    monkeypatch.setattr("thalweg.check.remedies.SECONDS", 0)
    least, late = (trials._steps(fault, trials.setup) for fault in ("lr_too_low", "overfitting"))
    assert (least, late) == (LEAST, LONG["overfitting"])
