"""Certificate: it holds for what a cohort gives, and breaks where a run is another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.execute import Job, batched
from thalweg.execute.certificate import certify


def runs(problem: Any) -> Any:
    return batched([Job(str(k), problem, Config(optimizer="sgd", hyper={"lr": 0.1}, seed=k)) for k in range(3)])


@pytest.mark.parametrize("net", ["mlp", "conv"])
def test_it_holds_in_float64_to_rounding(make_problem: Any, net: str) -> None:
    problem = make_problem(net)
    found = certify(problem, runs(problem)[1])
    assert found.epochs == 4
    assert found.first <= found.largest < 1e-9
    assert "is what it is alone" in str(found)


def test_another_run_does_not_pass(make_problem: Any) -> None:
    problem = make_problem()
    one, other, _ = runs(problem)
    found = certify(problem, replace(one, epochs=other.epochs))
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
    found = certify(problem, runs(problem)[0])
    assert found.silenced == ("attention (MultiheadAttention)",)
    assert found.largest < 1e-9
    assert "randomness of attention (MultiheadAttention) off" in str(found)
