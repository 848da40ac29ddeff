"""Several problems: each is compared as it would be alone, and nothing that is finished is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import nn

import thalweg as tw
from thalweg.compare import overview
from thalweg.compare.comparisons import Comparisons
from thalweg.compare.several import compare
from thalweg.core.config import Config
from thalweg.core.errors import InputError, ModelError, UnknownNameError
from thalweg.core.events import Event, RunEnded, RunStarted, silent, single
from thalweg.core.run import Run
from thalweg.execute import Job, Memory, sequential
from thalweg.problems import Problem

SHORT = Config(epochs=3)
SETTINGS = {"trials": 2, "seeds": 2, "base": SHORT, "threads": 1}


def classify(name: str, *, target: float | None = 0.6, inputs: int = 4) -> Problem:
    """Three easy classes, with a bias towards the name's own features."""
    seeded = torch.Generator().manual_seed(len(name))
    y = torch.arange(90) % 3
    x = torch.randn(90, 4, generator=seeded) + 2 * torch.eye(3, 4)[y]
    return Problem(
        name=name,
        model=lambda: nn.Linear(inputs, 3),
        loss=nn.CrossEntropyLoss(),
        train=(x[:60], y[:60]),
        test=(x[60:], y[60:]),
        target=target,
        batch_size=20,
    )


def curves(runs: Sequence[Run]) -> list[list[dict[str, float]]]:
    return [[dict(epoch.valid) for epoch in run.epochs] for run in runs]


def test_each_problem_is_compared_as_it_would_be_alone() -> None:
    both = [classify("one"), classify("another")]
    result = compare(both, ["sgd", "adam"], **SETTINGS)
    for problem, found in zip(both, result.comparisons, strict=True):
        alone = tw.compare(problem, ["sgd", "adam"], **SETTINGS)
        assert curves(found.trials) == curves(alone.trials)
        assert curves(found.finals) == curves(alone.finals)
    assert result.complete
    assert {profile.optimizer for profile in result.by("seconds")} == {"sgd", "adam"}


def test_comparisons_print_as_their_verdict() -> None:
    result = Comparisons.of([])
    assert repr(result) == overview.verdict(result)


def test_the_ids_of_runs_begin_with_the_problem() -> None:
    heard: list[Event] = []
    compare([classify("one"), classify("another")], "sgd", sink=heard.append, **SETTINGS)
    started = [one for event in heard for one in single(event) if isinstance(one, RunStarted)]
    assert len({event.run_id for event in started}) == len(started) == 8
    assert all(event.run_id.startswith(f"{event.problem}/sgd/") for event in started)


def test_a_single_problem_in_a_list_is_a_list_still() -> None:
    result = tw.compare([classify("one")], ["sgd"], **SETTINGS)
    assert isinstance(result, tw.Comparisons)
    assert result.problems == ("one",)


def test_a_problem_without_a_target_has_no_part_in_the_profiles() -> None:
    result = compare([classify("bare", target=None), classify("one")], ["sgd"], **SETTINGS)
    assert [list(profile.costs) for profile in result.profiles] == [["one"], ["one"]]
    assert compare([classify("bare", target=None)], ["sgd"], **SETTINGS).profiles == ()


def test_an_unreachable_target_is_infinite() -> None:
    result = compare([classify("one", target=1.1)], ["sgd"], **SETTINGS)
    assert result.by("updates")[0].costs == {"one": math.inf}
    assert result.by("updates")[0].score == 0


def forbidden(jobs: Sequence[Job], sink: object = silent) -> list[Run]:
    raise AssertionError("a run was begun")


def test_bad_input_is_found_before_the_first_run() -> None:
    good = classify("one")
    with pytest.raises(InputError, match="each once"):
        compare([], ["sgd"], executor=forbidden)
    with pytest.raises(InputError, match="each once"):
        compare([good, classify("one")], ["sgd"], executor=forbidden)
    with pytest.raises(ModelError):
        compare([good, classify("misfit", inputs=5)], ["sgd"], executor=forbidden)
    with pytest.raises(UnknownNameError):
        compare([good, "no/such"], ["sgd"], executor=forbidden)
    with pytest.raises(UnknownNameError):
        compare([good], ["sdg"], executor=forbidden)


def test_what_is_done_to_the_inputs_is_done_where_a_problem_is_tried_out() -> None:
    halved = SHORT.replace(preprocess="pca:components=2")
    assert compare([classify("fits", inputs=2)], ["sgd"], **SETTINGS | {"base": halved}).complete
    with pytest.raises(ModelError):
        compare([classify("fits", inputs=2), classify("misfit")], ["sgd"], base=halved, executor=forbidden)


@pytest.mark.parametrize("raised", [True, False])
def test_after_an_interruption_what_is_finished_is_kept(raised: bool) -> None:
    calls: list[int] = []

    def executor(jobs: Sequence[Job], sink: object = silent, **_: object) -> list[Run]:
        calls.append(len(jobs))
        if len(calls) <= 2:
            return sequential(jobs)
        if raised:
            raise KeyboardInterrupt
        return sequential(jobs)[:1]  # what an executor that heard Ctrl-C itself gives

    three = [classify(name) for name in ("one", "another", "third")]
    result = compare(three, ["sgd"], executor=executor, **SETTINGS)
    assert len(calls) == 3
    assert not result.complete
    assert result.problems == (("one",) if raised else ("one", "another"))
    assert result.missing == (f"Interrupted before {'another and third' if raised else 'third'}.",)
    assert [list(profile.costs) for profile in result.by("updates")] == [["one"]]


def test_what_is_remembered_is_not_done_again(tmp_path: Path) -> None:
    both = [classify("one"), classify("another")]
    ended: dict[str, Run] = {}

    def keep(event: Event) -> None:
        ended.update((one.run_id, one.run) for one in single(event) if isinstance(one, RunEnded))

    first = compare(both, ["sgd"], sink=keep, **SETTINGS)
    heard: list[Event] = []
    again = compare(both, ["sgd"], sink=heard.append, memory=Memory(tmp_path, ended), **SETTINGS)
    assert [one for event in heard for one in single(event) if isinstance(one, RunStarted)] == []
    assert [found.finals for found in again.comparisons] == [found.finals for found in first.comparisons]


def test_one_problem_is_still_a_comparison() -> None:
    assert isinstance(compare(classify("one"), ["sgd"], **SETTINGS), tw.Comparison)
