"""How fast a way is, is measured on the user's own problem and optimizer."""

from __future__ import annotations

import time
from typing import Any

import pytest

from thalweg.core.config import Config
from thalweg.execute import Job, way
from thalweg.train.length import Length


@pytest.mark.parametrize("name", ["lbfgs", "newton"])
def test_a_full_batch_optimizer_is_timed_by_an_update_of_its_own(
    name: str, make_problem: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()

    def slow(learner: Any, batch_size: int) -> None:
        asked.append(learner.config.optimizer)
        time.sleep(0.05)

    monkeypatch.setattr(way, "update_by_all", slow)
    job = Job("a", make_problem(), Config(optimizer=name, epochs=3))
    speed = way.speed_alone(job, 1)
    assert asked == [name]
    assert 0 < speed <= Length.of(job.problem, job.config).batches / 0.05
    assert way.updates_of([job]) / speed >= 3 * 0.05
