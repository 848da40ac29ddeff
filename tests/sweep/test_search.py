"""Searches give as many points as they were asked for, in one round, two, or generations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thalweg.core.errors import UnknownNameError
from thalweg.problems import accuracy
from thalweg.sweep.dimensions import log
from thalweg.sweep.search import SAMPLERS, search
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

SPACE = Space.of(["adam"], {"lr": log(1e-5, 1)})


def sizes(sampler: str, trials: int, narrow: bool, trial: Callable[..., Trial]) -> list[int]:
    found, asked = search(sampler, SPACE, trials, accuracy, 0, narrow=narrow), list[int]()
    points = next(found)
    while True:
        asked.append(len(points))
        try:
            points = found.send([trial(metric=u) for (u,) in points])
        except StopIteration:
            return asked


def test_narrowing_keeps_a_third_for_the_second_round(trial: Callable[..., Trial]) -> None:
    assert sizes("sobol", 32, True, trial) == [22, 10]
    assert sizes("grid", 32, True, trial) == [22, 10]
    assert sizes("sobol", 32, False, trial) == [32]
    assert sizes("sobol", 5, True, trial) == [5]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("trials", [1, 19])
def test_no_sampler_asks_for_more_or_less(sampler: str, trials: int, trial: Callable[..., Trial]) -> None:
    assert sum(sizes(sampler, trials, True, trial)) == trials


def test_an_unknown_sampler_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sobol'"):
        search("sobl", SPACE, 4, accuracy, 0, narrow=True)
