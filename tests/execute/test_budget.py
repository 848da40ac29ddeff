"""Budget: no way is timed for longer than a small part of the work, nor a cohort tried that takes more."""

from __future__ import annotations

from thalweg.execute.budget import Budget
from thalweg.execute.way import SECONDS


def test_short_work_is_timed_shortly() -> None:
    assert Budget(2.0).seconds < 0.05
    assert Budget(1e6).seconds == Budget().seconds == SECONDS


def test_a_cohort_is_tried_where_its_updates_are_a_small_part_of_the_work() -> None:
    assert Budget(100.0).allows(members=64, speed=100.0)
    assert not Budget(10.0).allows(members=64, speed=100.0)
    assert Budget().allows(members=64, speed=1e-3)
    assert Budget(1.0).allows(members=64, speed=0.0)  # nothing is known yet
