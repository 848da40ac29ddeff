from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import OutOfRangeError
from thalweg.schedules import bind, schedules
from thalweg.schedules.warmup import warm_up

shifted = [name for name in schedules if not schedules[name].warms_up]


@pytest.mark.parametrize("name", shifted)
@given(t=st.floats(0, 20), warmup=st.floats(0.01, 8))
def test_any_schedule_follows_in_the_rest_of_the_run(name: str, t: float, warmup: float) -> None:
    with_it, without = bind(name, {"warmup": warmup}, total=20), bind(name, {}, total=20 - warmup)
    assert with_it(t) == (t / warmup if t < warmup else without(t - warmup))


@pytest.mark.parametrize("name", shifted)
def test_it_is_whole_at_its_end_and_joins_without_a_jump(name: str) -> None:
    factor = bind(name, {"warmup": 2}, total=20)
    assert (factor(0), factor(1), factor(2)) == (0, 0.5, 1)
    assert factor(2 - 1e-9) == pytest.approx(factor(2 + 1e-9), abs=1e-8)


def test_it_rises_to_where_the_schedule_begins() -> None:
    assert warm_up(lambda t: 3 - t, 0.5, over=1.0) == 1.5


@pytest.mark.parametrize("name", list(schedules))
@pytest.mark.parametrize("warmup", [5, 5.5])
def test_a_warmup_as_long_as_the_run_is_refused(name: str, warmup: float) -> None:
    with pytest.raises(OutOfRangeError, match=rf"warm-up of the schedule {name} is as long[\s\S]*of 5"):
        bind(name, {"warmup": warmup}, total=5)


def test_none_is_none() -> None:
    assert bind("cosine", {"warmup": 0}, total=4)(0) == 1
    with pytest.raises(OutOfRangeError, match=r"warmup of the schedule cosine[\s\S]*>= 0"):
        bind("cosine", {"warmup": -1}, total=4)
