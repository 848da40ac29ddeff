"""The sentences say who leads, who keeps up, and what a reader must know beside that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from thalweg.compare import words
from thalweg.compare.result import Comparison, Interval
from thalweg.core.config import Config
from thalweg.core.run import Outcome, Run

Build = Callable[..., Comparison]
NAN = float("nan")


def test_verdict_names_leader_score_rate_and_field(ranked: Build) -> None:
    said = words.verdict(ranked(("adam", 0.975, 1), ("sgd", 0.97, 0.2), ("adagrad", 0.95, 0.001)))
    assert said == (
        "adam trains digits/mlp-1 best: 97.5 % test accuracy (95 % interval 97.3 to 97.7 %, 10 seeds) at learning "
        "rate 0.04; sgd cannot be told apart from it; adagrad is clearly behind (paired t-tests over the seeds, "
        "with Holm's correction)."
    )


def test_a_comparison_prints_as_its_verdict(ranked: Build) -> None:
    comparison = ranked(("adam", 0.975, 1))
    assert repr(comparison) == words.verdict(comparison)


def test_verdict_without_a_distinct_other_names_no_winner(ranked: Build) -> None:
    said = words.verdict(ranked(("adam", 0.975, 1), ("sgd", 0.97, 0.2)))
    assert said.startswith("No optimizer stands out on digits/mlp-1: adam comes first with 97.5 % test accuracy")
    assert "but sgd cannot be told apart from it" in said


def test_verdict_on_several_names_is_a_list(ranked: Build) -> None:
    said = words.verdict(ranked(("a", 0.9, 1), ("b", 0.8, 0.01), ("c", 0.7, 0.01), ("d", 0.6, 0.01)))
    assert "b, c and d are clearly behind" in said


def test_verdict_from_one_seed_claims_no_difference(ranked: Build) -> None:
    said = words.verdict(ranked(("adam", 0.975, 1), ("sgd", 0.9, NAN), n=1))
    assert "(a single seed)" in said
    assert "takes two seeds or more" in said
    assert "behind (" not in said


def test_verdict_leaves_out_judging_what_has_no_p(ranked: Build) -> None:
    said = words.verdict(ranked(("adam", 0.975, 1), ("sgd", 0.97, 0.3), ("adagrad", 0.5, NAN)))
    assert "adagrad could not be judged" in said
    assert "sgd could not be judged" in words.verdict(ranked(("adam", 0.975, 1), ("sgd", 0.5, NAN)))


def test_verdict_on_one_optimizer_compares_with_nothing(ranked: Build) -> None:
    said = words.verdict(ranked(("sgd", 0.97, 1)))
    assert said.startswith("sgd gives 97.0 % test accuracy")
    assert said.endswith("it is the only one that was ranked.")


def test_no_final_run_gives_no_verdict(ranked: Build) -> None:
    unfinished = replace(ranked(("sgd", 0.97, 1)), ranking=(), pairs=())
    assert words.verdict(unfinished).startswith("No verdict on digits/mlp-1")
    assert words.caveats(unfinished) == []


def test_a_leader_without_a_score_gives_no_verdict(ranked: Build) -> None:
    assert "no optimizer gave a usable test accuracy" in words.verdict(ranked(("sgd", NAN, 1), ("adam", NAN, NAN)))


def test_the_interval_is_said_to_cover_seeds_and_not_data(ranked: Build) -> None:
    assert words.caveats(ranked(("sgd", 0.97, 1)))[0].startswith("The interval covers seeds, not data")
    assert words.caveats(ranked(("sgd", 0.97, 1), n=1))[0].startswith("A single seed gives no interval")


def test_without_a_test_split_results_are_called_optimistic(ranked: Build) -> None:
    untested = replace(ranked(("sgd", 0.97, 1)), tested_on="valid")
    assert any("optimistic" in caveat for caveat in words.caveats(untested))
    assert "validation accuracy" in words.verdict(untested)


@pytest.mark.parametrize(
    ("edge", "best", "advice"),
    [
        (
            "low",
            1.1e-3,
            "the lowest learning rate tried: a better one may lie beyond. Widen its range: --search sgd=",
        ),
        ("high", 9.0, "Widen its range: --search sgd=0.001:100"),
        ("high", 0.5, "Its range goes on (0.001 to 10): try more trials."),
    ],
)
def test_a_best_rate_at_the_edge_comes_with_advice(ranked: Build, edge: str, best: float, advice: str) -> None:
    base = ranked(("sgd", 0.97, 1))
    config = {**base.ranking[0].config, "hyper": {"lr": best}}
    place = replace(base.ranking[0], edge_of_range=edge, config=config, search=(1e-3, 10.0))
    assert any("sgd" in caveat and advice in caveat for caveat in words.caveats(replace(base, ranking=(place,))))


def test_a_share_stays_between_0_and_1() -> None:
    assert words.spread("accuracy", Interval(mean=0.99, low=0.94, high=1.04, n=2)) == "94.0 to 100.0 %"
    assert words.spread("loss", Interval(mean=0.1, low=-0.1, high=0.3, n=2)) == "-0.1000 to 0.3000"


def test_final_runs_that_diverged_are_counted(ranked: Build) -> None:
    runs = [
        Run(problem="p", config=Config(optimizer="sgd", seed=i), outcome=outcome, epochs=(), valid={})
        for i, outcome in enumerate([Outcome.DIVERGED, Outcome.COMPLETED, Outcome.COMPLETED])
    ]
    lost = words.caveats(replace(ranked(("sgd", 0.97, 1)), finals=tuple(runs)))
    assert "sgd diverged or failed in 1 of 3 final runs at its best setting." in lost


def test_steps_to_target_tell_how_many_seeds_got_there(ranked: Build) -> None:
    base = ranked(("sgd", 0.97, 1))
    row = base.ranking[0]
    assert words.to_target(base, row) == "120"
    assert words.to_target(base, replace(row, reached=7)) == "120 (7/10)"
    assert words.to_target(base, replace(row, reached=0, steps_to_target=None)) == "not reached"
    assert words.to_target(replace(base, target=None), row) == words.ABSENT


def test_judgement_knows_leader_same_behind_and_neither(ranked: Build) -> None:
    found = ranked(("a", 0.9, 1), ("b", 0.9, 0.3), ("c", 0.8, 0.01), ("d", 0.1, NAN))
    assert [words.judgement(found, name) for name in "abcde"] == [
        "leader",
        "unclear",
        "behind",
        "not judged",
        "not judged",
    ]


def test_an_interval_with_an_open_end_has_no_text() -> None:
    assert words.spread("loss", Interval(mean=1.0, low=NAN, high=NAN, n=1)) == ""


def test_a_rate_can_be_typed_back() -> None:
    for lr in (1e-7, 3.16e-5, 0.1, 12.5, 1e6):
        assert float(words.rate(lr)) == pytest.approx(lr, rel=0.005)
