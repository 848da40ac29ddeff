from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputError
from thalweg.schedules import bind, wsd


@given(st.floats(0, 30), st.floats(0.1, 4), st.floats(0.1, 4), st.floats(0, 2))
def test_three_parts(t: float, warmup: float, decay: float, end: float) -> None:
    factor = wsd(t, warmup=warmup, decay=decay, end=end, total=20)
    if t < warmup:
        assert factor == t / warmup
    elif t <= 20 - decay:
        assert factor == 1
    elif t < 20:
        assert factor == pytest.approx(1 + (end - 1) * (t - 20 + decay) / decay, abs=1e-9)
    else:
        assert factor == end


def test_the_stable_part_does_not_know_the_length() -> None:
    short, long = (bind("wsd", {"warmup": 1, "decay": 2}, total=total) for total in (10, 30))
    assert all(short(t / 4) == long(t / 4) for t in range(33))


def test_no_warmup_and_defaults() -> None:
    assert bind("wsd", {"warmup": 0}, total=10)(0) == 1
    assert [wsd(t, total=20) for t in (0, 0.5, 1, 16, 18, 20, 99)] == [0, 0.5, 1, 1, 0.5, 0, 0]


def test_a_run_that_is_too_short() -> None:
    with pytest.raises(InputError, match=r"too short for the schedule wsd[\s\S]*warmup=3 and decay=3 in 5 epochs"):
        bind("wsd", {"warmup": 3, "decay": 3}, total=5)
