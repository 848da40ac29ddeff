"""Timed: what was found serves for jobs of the same kind, and for no others."""

from __future__ import annotations

from typing import Any

from thalweg.core.config import Config
from thalweg.execute import Job
from thalweg.execute.timed import Timed
from thalweg.execute.way import Way

WAYS = (Way("batched", 1, 8, 800.0), Way("processes", 1, 2, 300.0, 4.0), Way("sequential", 1, 1, 200.0))


def test_it_tells_of_jobs_that_could_be_trained_together(make_problem: Any) -> None:
    problem = make_problem()
    timed = Timed(Job("a", problem, Config(seed=1)), 100, WAYS)
    assert timed.tells_of(Job("b", problem, Config(optimizer="adam", seed=2)), 150)
    assert not timed.tells_of(Job("b", problem, Config()), 250)
    assert not timed.tells_of(Job("b", problem, Config(batch_size=5)), 100)
    assert not timed.tells_of(Job("b", make_problem(), Config()), 100)


def test_fewer_jobs_make_fewer_members(make_problem: Any) -> None:
    problem = make_problem()
    timed = Timed(Job("a", problem, Config()), 100, WAYS)
    four = [Job(f"{seed}", problem, Config(seed=seed)) for seed in range(4)]
    assert timed.ways_for(four) == [Way("batched", 1, 4, 400.0), *WAYS[1:]]
    assert timed.ways_for(four[:1]) == [
        Way("batched", 1, 1, 100.0),
        Way("processes", 1, 1, 150.0, 4.0),
        WAYS[2],
    ]
    alone = [Job("a", problem, Config(optimizer="lbfgs"))]
    assert timed.ways_for(alone) == [Way("processes", 1, 1, 150.0, 4.0), WAYS[2]]
