"""What a sweep says: the setting, how sure, why not; every figure in a sentence of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from tests.environment import ENVIRONMENT

from thalweg.core.interval import Interval
from thalweg.core.run import Outcome, Run
from thalweg.sweep import words
from thalweg.sweep.basin import Basin
from thalweg.sweep.cost import Cost
from thalweg.sweep.dimensions import choice, log, uniform
from thalweg.sweep.edge import Edge
from thalweg.sweep.result import SweepResult
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

Make = Callable[..., Trial]
Build = Callable[..., SweepResult]


@pytest.fixture
def swept(trial: Make, finals: Callable[..., list[Run]]) -> Build:
    """A sweep by hand: adam at 0.01 is best, two others fell behind."""

    def build(**changes: Any) -> SweepResult:
        best = trial(name="trial-001", lr=0.01)
        trials = (
            trial(name="trial-000", lr=1e-4, metric=0.5, outcome=Outcome.PRUNED, epochs=3),
            best,
            trial(name="trial-002", lr=0.9, outcome=Outcome.DIVERGED, metric=float("nan")),
        )
        plain: dict[str, Any] = {
            "problem": "blobs",
            "metric": "accuracy",
            "higher_is_better": True,
            "sampler": "sobol",
            "space": Space.of(["adam"], {"lr": log(1e-5, 1)}),
            "recommendation": best.config,
            "refusal": "",
            "advice": "",
            "band": Interval(mean=0.9, low=0.88, high=0.92, n=3),
            "basin": Basin(low=0.004, high=0.02, open_low=False, open_high=True, rates=3),
            "edges": (),
            "trials": trials,
            "screened": (),
            "finals": tuple(finals(0.89, 0.9, 0.91)),
            "seeds": (1, 2, 3),
            "stops": ((3,),),
            "importance": {"lr": 1.0},
            "spent": Cost(steps=1000, seconds=2.0),
            "saved": Cost(steps=3000, seconds=6.0),
            "seconds": 3.0,
            "executor": "sequential",
            "missing": (),
            "environment": ENVIRONMENT,
        }
        return SweepResult(**{**plain, **changes})

    return build


def test_the_verdict_names_setting_score_and_band(swept: Build) -> None:
    assert words.verdict(swept()) == (
        "Train blobs with adam, lr=0.01: 90.0 % validation accuracy (95 % interval 88.0 to 92.0 %, 3 fresh seeds)."
    )


def test_a_single_seed_claims_no_interval(swept: Build) -> None:
    nan = float("nan")
    single = swept(band=Interval(mean=0.9, low=nan, high=nan, n=1), seeds=(1,), basin=None)
    assert "a single fresh seed" in words.verdict(single)
    assert any("A single seed gives no interval" in caveat for caveat in words.caveats(single))


def test_a_refusal_says_why_and_what_to_do(swept: Build) -> None:
    refused = swept(recommendation=None, refusal="it is so", advice="widen the range of lr to 1e-5:10")
    assert words.verdict(refused) == "No recommendation for blobs: it is so."
    assert "Advice: widen the range of lr to 1e-5:10." in words.caveats(refused)


def test_facts_are_basin_importance_and_cost(swept: Build) -> None:
    basin, cost = words.facts(swept())
    assert basin == (
        "Learning rates from 0.004 to 0.02 cannot be told apart from it by 3 seeds; higher ones were not tried."
    )
    assert cost.startswith("3 trials and 3 confirming runs took 1,000 updates")
    assert "saved 75%" in cost
    space = Space.of(["adam"], {"lr": log(1e-5, 1), "beta1": uniform(0.5, 0.9)})
    several = words.facts(swept(space=space, importance={"lr": 0.8, "beta1": 0.2}))
    assert "lr 80% and beta1 20%" in several[1]
    assert "Learning rates from 0.004 to 0.02 with other settings to match cannot" in several[0]


def test_a_basin_of_one_rate_says_what_became_of_the_others(swept: Build, trial: Make) -> None:
    alone = swept(basin=Basin(low=0.01, high=0.01, open_low=False, open_high=False, rates=1))
    worse = "Every other learning rate tried did worse, beyond the noise of the seeds"
    assert words.basin(alone) == f"{worse}."
    dropped = replace(alone.trials[0], epochs=2)
    assert words.basin(replace(alone, trials=(*alone.trials, dropped))) == (
        f"{worse}, or was dropped too early to tell."
    )
    assert words.basin(replace(alone, trials=alone.trials[1:2])) == ""


@pytest.mark.parametrize(("seeds", "few"), [((1, 2, 3), True), ((1, 2, 3, 4), False)])
def test_few_seeds_and_the_test_split_are_spoken_of(swept: Build, seeds: tuple[int, ...], few: bool) -> None:
    scope, *_ = words.caveats(swept(seeds=seeds))
    assert scope.endswith("3 seeds give wide intervals and tell little apart: confirm on 10.") == few
    assert "`thalweg fit --test` says what it is worth on the test split, which no sweep has seen." in scope
    assert "thalweg fit --test" not in words.caveats(swept(seeds=seeds, has_test=False))[0]


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ("low", "lr=0.01 is the lowest tried, though its range goes on to 1e-5: more trials may find better."),
        ("high", "lr=0.01 is the highest tried, though its range goes on to 1: more trials may find better."),
    ],
)
def test_an_end_of_what_was_tried_is_told_from_the_end_of_the_range(swept: Build, end: str, says: str) -> None:
    ends: dict[str, Any] = {"low": 1e-5, "high": 1, "wider": (1e-5, 1)}
    edge = Edge(name="lr", end=end, value=0.01, **ends, refuses=False, untried=True)
    assert says in words.caveats(swept(edges=(edge,)))


def test_it_prints_as_its_verdict(swept: Build) -> None:
    assert repr(swept()) == words.verdict(swept())


def test_an_interruption_is_told_once(swept: Build) -> None:
    out = Console(file=io.StringIO(), width=120)
    cut = "Interrupted after 2 of 8 trials, before a best was sure."
    swept(recommendation=None, refusal=cut.rstrip("."), advice="run it again", missing=(cut,)).show(out)
    said = out.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert said.count("Interrupted after 2 of 8 trials") == 1
    assert "No recommendation for blobs: the sweep did not come to its end." in said


def test_caveats_name_losses_and_edges_of_other_settings(swept: Build) -> None:
    edge = Edge(name="beta1", end="high", value=0.9, low=0.5, high=0.9, wider=(0.5, 0.95), refuses=False)
    said = words.caveats(swept(edges=(edge,)))
    assert "1 of 3 trials diverged or failed." in said
    assert any("beta1=0.9 is at the upper end" in caveat for caveat in said)
    assert any("thalweg fit --test" in caveat for caveat in said)


def test_trials_are_ranked_as_far_as_they_came(swept: Build, trial: Make) -> None:
    names = [one.name for one in words.ranked(swept())]
    assert names == ["trial-001", "trial-000", "trial-002"]
    assert [words.fate(one) for one in words.ranked(swept())] == ["", "dropped", "diverged"]
    assert words.fate(trial(fraction=0.25)) == "dropped on 25% of the data"


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_all_of_it(width: int, swept: Build) -> None:
    out = Console(file=io.StringIO(), width=width)
    settings = {"lr": log(1e-5, 1), "beta1": uniform(0.5, 0.9), "schedule": choice("constant", "step")}
    for result in (swept(), swept(missing=("Interrupted.",), recommendation=None)):
        result.show(out)
    swept(space=Space.of(["adam", "adamw"], settings), recommendation=None).show(out)
    said = out.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert "! Interrupted." in said
    assert max(map(len, said.splitlines())) <= width
    assert {"001", "000", "002", "dropped", "diverged"} <= set(said.split())
