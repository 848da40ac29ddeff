from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from thalweg.core.errors import InputError, OutOfRangeError, UnknownNameError
from thalweg.schedules import bind, in_steps, schedules, step

names = st.sampled_from(list(schedules))
one_way = st.sampled_from([name for name in schedules if name not in ("wsd", "one-cycle")])
positive = st.floats(5e-324, 20)


@st.composite
def bound(draw: st.DrawFn, names: st.SearchStrategy[str] = names) -> tuple[str, dict[str, float]]:
    """A schedule with some of its options."""
    name = draw(names)
    bounds = schedules[name].bounds
    options = {
        key: draw(st.floats(bounds[key], 20) if key in bounds else positive) for key in schedules[name].options
    }
    return name, {key: value for key, value in options.items() if draw(st.booleans())}


@given(bound(), st.lists(st.floats(0, 200), min_size=2, max_size=8))
def test_every_schedule_is_a_pure_finite_function(
    setting: tuple[str, dict[str, float]], times: list[float]
) -> None:
    assume(sum(setting[1].get(part) or 0 for part in ("warmup", "decay")) < 40)
    factor = bind(*setting, total=100)
    values = [factor(t) for t in times]
    assert all(math.isfinite(value) and value >= 0 for value in values)
    assert values == [factor(t) for t in times]


@given(bound(one_way), st.lists(st.floats(0, 200), min_size=2, max_size=8))
def test_those_without_a_cycle_start_at_one_and_move_one_way(
    setting: tuple[str, dict[str, float]], times: list[float]
) -> None:
    name, options = setting
    options.pop("warmup", None)
    options.pop("period", None)
    factor = bind(name, options, total=100)
    values = [factor(t) for t in sorted(times)]
    assert factor(0) == factor(0.0) == 1
    if options.get("end", 0) > 1:
        assert all(a * (1 + 1e-14) >= 1 and a <= b * (1 + 1e-14) for a, b in pairwise(values))
    else:
        assert all(a * (1 - 1e-14) <= 1 and a >= b * (1 - 1e-14) >= 0 for a, b in pairwise(values))


def test_options_and_defaults_are_read_from_the_signature() -> None:
    assert {name: schedules[name].options for name in schedules} == {
        "constant": {"warmup": 0},
        "step": {"every": 5, "divide": 10, "warmup": 0},
        "inverse": {"k": 1, "warmup": 0},
        "exponential": {"k": 0.1, "warmup": 0},
        "linear": {"end": 0, "over": None, "warmup": 0},
        "polynomial": {"power": 2, "end": 0, "over": None, "warmup": 0},
        "cosine": {"end": 0, "period": None, "grow": 1, "warmup": 0},
        "wsd": {"warmup": None, "decay": None, "end": 0},
        "one-cycle": {"warmup": None, "start": 0.1, "end": 1e-4},
    }
    assert schedules["step"].bounds == {"divide": 1, "warmup": 0}
    assert schedules["cosine"].bounds == {"end": 0, "grow": 1, "warmup": 0}
    assert schedules["one-cycle"].bounds == {"end": 0}
    assert schedules["step"].function is step
    for name in schedules:
        assert schedules[name].summary.startswith("Return ")
        defaults = {key: value for key, value in schedules[name].options.items() if value is not None}
        assert bind(name, defaults, total=9)(7.5) == bind(name, {}, total=9)(7.5)


def test_the_length_of_the_run_is_no_option() -> None:
    knowing = [name for name in schedules if schedules[name].knows_total]
    assert knowing == ["linear", "polynomial", "cosine", "wsd", "one-cycle"]
    with pytest.raises(UnknownNameError, match="option of the schedule linear named 'total'"):
        bind("linear", {"total": 3})


@pytest.mark.parametrize("name", ["linear", "polynomial", "cosine", "wsd", "one-cycle"])
def test_without_a_length_it_is_refused_at_once(name: str) -> None:
    with pytest.raises(InputError, match=rf"{name} does not know where it ends"):
        bind(name, {})


def test_an_unknown_schedule_or_option_gives_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no schedule named 'Expo[\s\S]*did you mean .*'exponential'"):
        bind("Exponental", {})
    with pytest.raises(UnknownNameError, match=r"option of the schedule step named 'evry'[\s\S]*'every'"):
        bind("step", {"evry": 3})
    with pytest.raises(UnknownNameError, match="expected: one of warmup"):
        bind("constant", {"k": 1})


@pytest.mark.parametrize("value", [0, -1, -0.5, math.nan, math.inf, 10**400, "2", None])
def test_an_option_is_a_positive_number(value: float) -> None:
    with pytest.raises(OutOfRangeError, match="The option k of the schedule inverse is out of its range"):
        bind("inverse", {"k": value})


@pytest.mark.parametrize("name", list(schedules))
def test_any_torch_optimizer_can_follow_it(name: str) -> None:
    factor, steps_per_epoch = bind(name, {}, total=9), 7
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": weights[:1], "lr": 0.3}, {"params": weights[1:], "lr": 0.7}])
    follower = torch.optim.lr_scheduler.LambdaLR(optimizer, in_steps(factor, steps_per_epoch))
    for update in range(80):
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates == [rate * factor(update / steps_per_epoch) for rate in (0.3, 0.7)]
        optimizer.step()
        follower.step()
