"""NAME=VALUE texts become numbers and switches, and names are completed."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from thalweg.cli.arguments import ScheduleOptions, Schedules, optimizer_lists, optimizer_names, pairs, schedules
from thalweg.core.errors import InputError
from thalweg.schedules import schedules as registered


def test_numbers_and_switches() -> None:
    found = pairs(["momentum=0.95", " rho = 1e-3", "maximize=True", "bias_correction=false", "clip_norm=inf"])
    assert found == {
        "momentum": 0.95,
        "rho": 0.001,
        "maximize": True,
        "bias_correction": False,
        "clip_norm": math.inf,
    }
    assert pairs(None) == {}


def test_the_last_one_counts() -> None:
    assert pairs(["rho=0.1", "rho=0.2"]) == {"rho": 0.2}


@pytest.mark.parametrize("text", ["momentum", "momentum=", "momentum=much", "", "=", "=0.5", "a=b=c"])
def test_what_is_no_setting(text: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        pairs([text])


def test_schedules_are_of_lr_unless_they_name_another() -> None:
    assert schedules(None) == {"lr": ("constant", {})}
    assert schedules(["step"], ["every=2", "divide=3"]) == {"lr": ("step", {"every": 2, "divide": 3})}
    typed = ["lr=step:every=2", "momentum = linear:end=1.1, over=5", "weight_decay=inverse"]
    assert schedules(typed, ["divide=4"]) == {
        "lr": ("step", {"every": 2, "divide": 4}),
        "momentum": ("linear", {"end": 1.1, "over": 5}),
        "weight_decay": ("inverse", {}),
    }
    assert schedules(["cosine:warmup=2"]) == {"lr": ("cosine", {"warmup": 2})}
    assert schedules(["step:every=2", "inverse:k=3"]) == {"lr": ("inverse", {"k": 3})}


@pytest.mark.parametrize(
    "text", ["linear:", "linear:end", "linear:end=1.1,", "linear:end=1.1:over=5", "linear:=2"]
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(
        InputError, match=r"cannot be read[\s\S]*such as --schedule momentum=linear:end=1.1,over=5"
    ):
        schedules([text])


def test_the_help_names_every_schedule_and_its_options() -> None:
    """From the registry: nothing is listed by hand."""
    known, options = (get_args(kind)[1].help for kind in (Schedules, ScheduleOptions))
    for name in registered:
        assert name in known
        assert all(f" {option}" in options for option in registered[name].options)
    assert "every, divide (step); k (inverse, exponential); end, over (linear)" in options


def test_lists_are_completed_at_their_end_and_name_none_twice() -> None:
    assert optimizer_names("mom") == ["momentum"]
    assert optimizer_lists("mom") == ["momentum"]
    found = {f"adam,sgd,{name}" for name in ("adagrad", "adadelta", "adamax", "ademamix", "adamw")}
    assert set(optimizer_lists("adam,sgd,ad")) == found
    assert optimizer_lists("adam,x") == []
