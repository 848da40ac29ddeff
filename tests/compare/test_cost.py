"""What reaching the target cost: the median over the seeds, infinite unless most of them reached it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from thalweg.compare.cost import by_optimizer, is_scored, to_target
from thalweg.compare.result import Comparison
from thalweg.core.config import Config
from thalweg.core.run import Epoch, Outcome, Run

Build = Callable[..., Comparison]
NEVER = 99
TARGET = 0.96


def run(name: str, first: int, *, outcome: Outcome = Outcome.COMPLETED) -> Run:
    """A run of six epochs of 10 updates and 0.5 s that first reaches the target at the end of epoch `first`."""
    epochs = tuple(
        Epoch(
            number=number,
            step=10 * number,
            seconds=0.5 * number,
            lr=0.1,
            train_loss=1.0,
            valid={"accuracy": TARGET if number == first else 0.5, "loss": 1.0},
        )
        for number in range(1, 7)
    )
    config = Config(optimizer=name, hyper={"lr": 0.1})
    return Run(problem="p", config=config, outcome=outcome, epochs=epochs, valid=epochs[-1].valid)


def compared(ranked: Build, **firsts: list[int]) -> Comparison:
    base = ranked(*((name, 0.97, 1.0) for name in firsts))
    finals = [run(name, first) for name, own in firsts.items() for first in own]
    return replace(base, finals=tuple(finals), target=TARGET)


@pytest.mark.parametrize(
    ("firsts", "updates"),
    [
        ([2, 4, 3], 30),
        ([2, NEVER, 3], 30),
        ([2, NEVER, NEVER], math.inf),
        ([2, 3, 4, 5], 35),
        ([2, 3, 4, NEVER], 35),
        ([2, 3, NEVER, NEVER], math.inf),
        ([6], 60),
        ([NEVER], math.inf),
    ],
)
def test_the_median_over_the_seeds(firsts: list[int], updates: float, ranked: Build) -> None:
    found = compared(ranked, sgd=firsts)
    assert to_target(found, "updates") == {"sgd": updates}
    assert to_target(found, "seconds") == {"sgd": pytest.approx(updates / 20)}


def test_a_run_that_broke_down_later_had_reached_it(ranked: Build) -> None:
    found = compared(ranked, sgd=[2])
    late = replace(found, finals=(run("sgd", 2, outcome=Outcome.DIVERGED),))
    assert to_target(late, "updates") == {"sgd": 20}


def test_a_metric_that_should_be_small(ranked: Build) -> None:
    found = replace(compared(ranked, sgd=[3]), metric="loss", higher_is_better=False, target=1.0)
    assert to_target(found, "updates") == {"sgd": 10}


def test_only_whole_comparisons_with_a_target_are_scored(ranked: Build) -> None:
    whole = replace(compared(ranked, sgd=[2], adam=[4]), problem="whole")
    bare, cut = replace(whole, problem="bare", target=None), replace(whole, problem="cut", missing=("one",))
    assert [is_scored(one) for one in (whole, bare, cut, replace(whole, ranking=()))] == [
        True,
        False,
        False,
        False,
    ]
    assert by_optimizer([bare, whole, cut], "updates") == {"sgd": {"whole": 20}, "adam": {"whole": 40}}
