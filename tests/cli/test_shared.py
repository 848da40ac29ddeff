"""What all commands that train share: every option reaches the Config, and slips are named before training."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args

import pytest

from thalweg.cli import compare, fit, sweep
from thalweg.cli.shared import OPTIONS
from thalweg.core.config import Config
from thalweg.core.registry import Registry
from thalweg.data.augment import augmentations
from thalweg.data.preprocess import preprocessors
from thalweg.data.sampling import samplings
from thalweg.init import initializers
from thalweg.optim.groups import groupings

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

DROPPING = """
settings["model"] = lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 3))
problem = tw.Problem(**settings)
"""
TYPED = {
    "init": "he",
    "groups": "layerwise:decay=0.5",
    "dropout": "0.25",
    "label-smoothing": "0.1",
    "max-norm": "2",
    "preprocess": "standardize",
    "sampling": "class-balanced",
}


def flags() -> list[str]:
    return [word for name, value in TYPED.items() for word in (f"--{name}", value)]


def expected() -> dict[str, Any]:
    names = {name.replace("-", "_"): value for name, value in TYPED.items()}
    return names | {"dropout": 0.25, "label_smoothing": 0.1, "max_norm": 2.0}


def test_each_option_is_a_field_of_a_config_and_each_command_has_it() -> None:
    known = {field.name for field in fields(Config)}
    assert set(OPTIONS) - {"schedule_set"} <= known
    assert known - set(OPTIONS) == {
        "optimizer",
        "hyper",
        "schedule_options",
        "schedules",
        "patience",
        "keep",
        "seed",
    }
    for module in (fit, compare, sweep):
        assert set(OPTIONS) < set(inspect.signature(module.command).parameters)


def test_fit_trains_with_all_of_them(thalweg: Thalweg, blobs: Blobs) -> None:
    said = thalweg("fit", blobs(DROPPING), *flags(), "--schedule", "plateau:patience=1", "--json")
    assert said.returncode == 0, said.stderr
    config = json.loads(said.stdout)["config"]
    assert {name: config[name] for name in expected()} == expected()
    assert (config["schedule"], config["schedule_options"]) == ("plateau", {"patience": 1})


def test_compare_and_sweep_hold_them_fixed(thalweg: Thalweg, blobs: Blobs) -> None:
    few = ["--trials", "2", "--seeds", "1", "--epochs", "1", "--threads", "1", "--json"]
    problem = blobs(DROPPING)
    said = thalweg("compare", problem, "-o", "sgd,adam", *flags(), *few)
    assert said.returncode == 0, said.stderr
    for run in json.loads(said.stdout)["finals"]:
        assert {name: run["config"][name] for name in expected()} == expected()
    said = thalweg("sweep", problem, "--set", "dropout=0.1:0.5", "--set", "init=he,glorot", *few)
    assert said.returncode in (0, 1), said.stderr
    values = [trial["values"] for trial in json.loads(said.stdout)["trials"]]
    assert all(0.1 <= own["dropout"] <= 0.5 and own["init"] in ("he", "glorot") for own in values)


@pytest.mark.parametrize("command", ["fit", "compare", "sweep"])
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--init", "hee"], "did you mean 'he'"),
        (["--dropout", "0.2"], "no dropout layer"),
        (["--dropout", "1.2"], "The dropout of a Config is unusable"),
        (["--augment", "crop:padding=1"], "crop needs images"),
        (["--sampling", "hard:cap=3"], "out of its range"),
        (["--preprocess", "zca:"], "A choice cannot be read"),
    ],
)
def test_slips_are_said_before_training(
    thalweg: Thalweg, blobs: Blobs, command: str, typed: list[str], words: str
) -> None:
    said = thalweg(command, blobs(), *typed)
    assert said.returncode == 1
    assert words in said.stderr


@pytest.mark.parametrize(
    ("field", "registry"),
    [
        ("init", initializers),
        ("groups", groupings),
        ("preprocess", preprocessors),
        ("augment", augmentations),
        ("sampling", samplings),
    ],
)
def test_the_help_names_all_that_there_is(field: str, registry: Registry[Any]) -> None:
    (option,) = get_args(OPTIONS[field])[1:]
    named = set(re.findall(r"[\w-]+", option.help))
    assert named >= set(registry)
