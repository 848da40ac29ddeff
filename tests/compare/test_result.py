"""The result and its documented JSON object are the same thing."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from thalweg.compare.result import FORMAT, Comparison
from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.plain import dumps, strict
from thalweg.core.run import Epoch, Outcome, Run

Build = Callable[..., Comparison]
NAN = math.nan


@pytest.fixture
def comparison(ranked: Build) -> Comparison:
    """Two optimizers with a run each, one of them diverged."""
    epoch = Epoch(number=1, step=19, seconds=0.1, lr=0.04, train_loss=0.7, valid={"loss": 0.5, "accuracy": 0.9})
    runs = [
        Run(
            problem="digits/mlp-1",
            config=Config(optimizer=name, hyper={"lr": 0.04}, epochs=1, batch_size=64),
            outcome=outcome,
            epochs=(epoch,),
            valid=dict(epoch.valid),
            test={"loss": 0.6, "accuracy": 0.88},
            steps=19,
        )
        for name, outcome in (("adam", Outcome.COMPLETED), ("sgd", Outcome.DIVERGED))
    ]
    found = ranked(("adam", 0.975, 1.0), ("sgd", 0.97, 0.2))
    return replace(found, trials=tuple(runs), finals=(runs[0],), missing=("something",))


def test_the_promised_keys_are_there(comparison: Comparison) -> None:
    found = strict(comparison.to_json())
    assert found.keys() >= {"format", "problem", "metric", "ranking", "pairs", "trials", "finals", "environment"}
    row = {"optimizer", "config", "test", "valid", "steps_to_target", "seconds", "edge_of_range"}
    assert all(standing.keys() >= row for standing in found["ranking"])
    assert found["ranking"][0]["test"].keys() >= {"mean", "low", "high"}
    assert found["ranking"][0]["config"]["hyper"] == {"lr": 0.04}
    assert found["pairs"][0].keys() >= {"leader", "other", "difference", "low", "high", "p", "p_holm", "distinct"}
    assert found["trials"][1]["outcome"] == "diverged"
    assert found["format"] == FORMAT


def test_there_and_back_through_a_file(comparison: Comparison) -> None:
    assert Comparison.from_json(json.loads(json.dumps(comparison.to_json()))) == comparison
    assert Comparison.from_json(json.loads(dumps(comparison.to_json()))) == comparison


def test_nan_comes_back_as_nan(ranked: Build) -> None:
    lone = ranked(("adam", 0.975, 1.0), ("sgd", 0.97, NAN), n=1)
    back = Comparison.from_json(json.loads(json.dumps(lone.to_json())))
    assert math.isnan(back.ranking[0].test.low)
    assert math.isnan(back.pairs[0].p_holm)


def test_strict_text_has_no_nan(ranked: Build) -> None:
    def refuse(word: str) -> Any:
        raise AssertionError(word)

    lone = ranked(("adam", NAN, 1.0), ("sgd", math.inf, NAN), n=1)
    found = json.loads(dumps(lone.to_json()), parse_constant=refuse)
    assert found["ranking"][0]["test"] == {"mean": None, "low": None, "high": None, "n": 1}


def test_the_object_shares_nothing_with_the_result(comparison: Comparison) -> None:
    found = comparison.to_json()
    found["ranking"][0]["config"]["optimizer"] = found["trials"][0]["valid"]["loss"] = "changed"
    assert comparison.ranking[0].config["optimizer"] == "adam"
    assert comparison.trials[0].valid["loss"] == 0.5


@pytest.mark.parametrize("version", [FORMAT + 1, None])
def test_another_format_is_refused(comparison: Comparison, version: int | None) -> None:
    with pytest.raises(InputError, match="another format"):
        Comparison.from_json(comparison.to_json() | {"format": version})
