"""A small ranking built by hand, so that a test can say what the words must be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.environment import ENVIRONMENT

from thalweg.compare.result import Comparison, Interval, Pair, Standing
from thalweg.core.config import Config

Build = Callable[..., Comparison]


def standing(name: str, rank: int, mean: float, n: int) -> Standing:
    half = 0.002 if n > 1 else float("nan")
    return Standing(
        optimizer=name,
        rank=rank,
        config=Config(optimizer=name, hyper={"lr": 0.04}).to_json(),
        test=Interval(mean=mean, low=mean - half, high=mean + half, n=n),
        valid=Interval(mean=mean, low=mean - half, high=mean + half, n=n),
        steps_to_target=120.0,
        seconds_to_target=0.1,
        reached=n,
        seconds=0.3,
        edge_of_range=None,
        diverged=0,
        search=(1e-4, 1.0),
    )


def pair(leader: str, other: str, difference: float, p_holm: float) -> Pair:
    return Pair(
        leader=leader,
        other=other,
        difference=difference,
        low=difference - 0.001,
        high=difference + 0.001,
        p=p_holm / 2,
        p_holm=p_holm,
        distinct=p_holm < 0.05,
    )


@pytest.fixture(scope="session")
def ranked() -> Build:
    """Build a Comparison from ``(optimizer, test mean, p after Holm)`` rows, the leader first."""

    def build(*rows: tuple[str, float, float], n: int = 10) -> Comparison:
        return Comparison(
            problem="digits/mlp-1",
            metric="accuracy",
            higher_is_better=True,
            target=0.96,
            budget=16,
            seeds=tuple(range(n)),
            ranking=tuple(standing(name, i, mean, n) for i, (name, mean, _) in enumerate(rows, start=1)),
            pairs=tuple(pair(rows[0][0], name, rows[0][1] - mean, p) for name, mean, p in rows[1:]),
            trials=(),
            finals=(),
            seconds=12.0,
            tested_on="test",
            missing=(),
            environment=ENVIRONMENT,
        )

    return build
