"""Certificate: it holds for what a cohort gives, and breaks where a run is another."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.execute import Job, batched, sequential
from thalweg.execute.certificate import Certificate, certify, fits_a_cohort


def runs(problem: Any) -> Any:
    return batched([Job(str(k), problem, Config(optimizer="sgd", hyper={"lr": 0.1}, seed=k)) for k in range(3)])


@pytest.mark.parametrize("net", ["mlp", "conv"])
def test_it_holds_in_float64_to_rounding(make_problem: Any, net: str) -> None:
    problem = make_problem(net)
    run = runs(problem)[1]
    found = certify(problem, run.config, run.epochs)
    assert found.epochs == 4
    assert found.first <= found.largest < 1e-9
    assert "is what it is alone" in str(found)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Certificate(Config(), 1, 2e-7, 2e-7), "is what it is alone: losses of the first epoch differ by 2.0e-07"),
        (
            Certificate(Config(), 5, 2e-7, 3e-5),
            "losses of the first epoch differ by 2.0e-07; from there rounding grows, to 3.0e-05 in 5 epochs",
        ),
        (Certificate(Config(), 5, 0.0, 0.0), "differ by 0.0e+00, those of 5 epochs by 0.0e+00 at most"),
        (
            Certificate(Config(), 5, 0.1, 0.3),
            "NOT what it is alone: losses of the first epoch differ by 1.0e-01, those",
        ),
    ],
)
def test_it_says_what_grows_from_rounding_and_what_does_not(found: Certificate, says: str) -> None:
    assert says in str(found)


def test_a_run_that_was_trained_alone_is_made_in_a_cohort_too(make_problem: Any) -> None:
    problem, config = make_problem("conv"), Config(optimizer="sgd", hyper={"lr": 0.1}, seed=2)
    (run,) = sequential([Job("a", problem, config)])
    assert certify(problem, config, run.epochs, together=True).largest == 0
    found = certify(problem, config, run.epochs, together=False)
    assert 0 < found.largest < 1e-9


def test_what_has_no_place_in_a_cohort_is_not_to_be_certified(make_problem: Any) -> None:
    class Moody(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x if self.weight.sum() > 0 else -x)

    assert fits_a_cohort(make_problem(), Config())
    assert not fits_a_cohort(make_problem(), Config(optimizer="lbfgs"))
    assert not fits_a_cohort(make_problem(model=lambda: Moody(16, 3).double()), Config())


def test_another_run_does_not_pass(make_problem: Any) -> None:
    problem = make_problem()
    one, other, _ = runs(problem)
    found = certify(problem, one.config, other.epochs)
    assert not found.holds
    assert "is NOT what it is alone" in str(found)


def test_randomness_that_a_cohort_cannot_repeat_is_off_in_both(make_problem: Any) -> None:
    class Lossy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.out = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True), nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            rows = x.unflatten(1, (4, 4))
            return self.out(self.attention(rows, rows, rows, need_weights=False)[0].flatten(1))

    problem = make_problem(model=lambda: Lossy().double())
    run = runs(problem)[0]
    found = certify(problem, run.config, run.epochs)
    assert found.silenced == ("attention (MultiheadAttention)",)
    assert found.largest < 1e-9
    assert "randomness of attention (MultiheadAttention) off" in str(found)
