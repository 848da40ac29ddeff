"""The command that is printed below a recommendation gives the same Config when it is typed."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest

from thalweg.cli.retyped import fit_command
from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.problems import Problem

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

FULL = Config(
    optimizer="nesterov",
    hyper={"lr": 0.1 + 0.2, "momentum": 0.5, "weight_decay": 1e-5, "cautious": True},
    schedule="cosine",
    schedule_options={"warmup": 2, "low": 0.01},
    schedules={"momentum": ("linear", {"end": 1.98, "over": 10.0})},
    epochs=7,
    batch_size=33,
    patience=3,
    keep="best",
    seed=-4,
    init="he",
    groups="layerwise:decay=0.8",
    dropout=0.25,
    label_smoothing=0.1,
    max_norm=3.5,
    preprocess="pca:components=0.99",
    augment="flip,crop:padding=4",
    sampling="drifting:strength=3.0",
)
CONFIGS = [
    Config(),
    Config(
        optimizer="adam", hyper={"lr": 4.43e-2, "beta1": 0.987654321012345}, epochs=20, batch_size=64, keep="best"
    ),
    Config(schedule="step", schedules={"momentum": ("exponential", {})}),
    FULL,
]


@pytest.fixture
def read_back(thalweg: Thalweg, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Config]:
    """Type a command; returns the Config that it is about to train, and trains nothing."""

    def read(command: str) -> Config:
        def heard(problem: Problem, configs: Sequence[Config]) -> None:
            found.extend(configs)
            raise InputError("That is enough.")

        found: list[Config] = []
        for module in ("thalweg.compare.several", "thalweg.sweep.range_test"):
            import_module(module)  # before it could import the other function to keep
        monkeypatch.setattr("thalweg.train.beforehand.probe_all", heard)
        said = thalweg(*shlex.split(command)[1:])
        assert "That is enough" in said.stderr, said.stderr
        (config,) = found
        return config

    return read


@pytest.mark.parametrize("config", CONFIGS, ids=["default", "adam", "schedules", "full"])
def test_it_reads_back_as_the_same_config(config: Config, read_back: Any, blobs: Blobs) -> None:
    assert read_back(fit_command(blobs(), config)) == config


def test_the_full_one_leaves_no_field_at_its_default() -> None:
    plain, default = FULL.to_json(), Config().to_json()
    assert [field.name for field in fields(Config) if plain[field.name] == default[field.name]] == []


def test_a_rule_of_ones_own_and_a_path_with_spaces_are_typed_as_they_were(read_back: Any, blobs: Blobs) -> None:
    rule = "\n".join(
        [
            "from thalweg.optim.own import rule",
            "@rule(reference='a toy', search=(1e-4, 1))",
            "def plainest(p, g, *, lr=0.1):",
            "    '''Plainest: down the gradient.'''",
            "    return p - lr * g",
            "problem = tw.Problem(**settings)",
        ]
    )
    spec = blobs(rule, name="my rules.py").partition(":")[0]
    config = Config(optimizer="plainest", hyper={"lr": 0.3})
    command = fit_command(f"{spec}:problem", config, optimizer=f"{spec}:plainest", data="some where")
    assert command == ("thalweg fit 'my rules.py:problem' -o 'my rules.py:plainest' --lr 0.3 --data 'some where'")
    assert read_back(command) == config
