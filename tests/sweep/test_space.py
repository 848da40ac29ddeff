"""A point of the unit cube is a Config and back, every Config of a space can be built, and slips are named."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.optim import check_hyper, optimizers
from thalweg.sweep.dimensions import Log, choice, integers, log, uniform
from thalweg.sweep.space import FIELDS, Space

RICH = Space.of(
    ["adam", "momentum", "lion"],
    {
        "lr": {"adam": log(1e-5, 1e-1), "momentum": log(1e-3, 1), "lion": log(1e-6, 1e-2)},
        "momentum": uniform(0.5, 0.99),
        "weight_decay": {"adam": log(1e-6, 1e-2)},
        "batch_size": integers(8, 64),
        "schedule": choice("constant", "step", "exponential"),
        "cautious": choice(False, True),
    },
)
POINTS = st.lists(st.floats(0, 1), min_size=len(RICH.names), max_size=len(RICH.names))


@given(POINTS)
def test_a_point_is_a_config_and_back(point: list[float]) -> None:
    config = RICH.config(point, Config(epochs=3))
    check_hyper(config.optimizer, config.hyper)
    again = RICH.config(RICH.point(config), Config(epochs=3))
    assert again.replace(hyper={}) == config.replace(hyper={})
    assert again.hyper.keys() == config.hyper.keys()
    assert [again.hyper[key] for key in config.hyper] == pytest.approx(list(config.hyper.values()))
    for name, u, v in zip(RICH.names, point, RICH.point(config), strict=True):
        dimension = RICH.dimension(name, config.optimizer)
        if dimension is None:
            assert v == 0.5
        elif name in ("lr", "momentum", "weight_decay"):
            assert v == pytest.approx(u, abs=1e-9)


@given(POINTS)
def test_only_what_an_optimizer_has_is_set_for_it(point: list[float]) -> None:
    config = RICH.config(point, Config())
    assert ("momentum" in config.hyper) == (config.optimizer == "momentum")
    assert ("weight_decay" in config.hyper) == (config.optimizer == "adam")
    low, high = RICH.ranges[config.optimizer]["lr"].extremes
    assert isinstance(low, float)
    assert isinstance(high, float | int)
    assert low <= config.hyper["lr"] <= high
    values = RICH.values(config)
    assert values["optimizer"] == config.optimizer
    assert values["batch_size"] == config.batch_size
    assert ("momentum" in values) == ("momentum" in config.hyper)


def test_left_out_the_learning_rate_has_each_optimizers_own_interval() -> None:
    space = Space.of(["adam", "adadelta"])
    assert [space.ranges[name]["lr"] for name in space.ranges] == [
        Log(*optimizers["adam"].search),
        Log(*optimizers["adadelta"].search),
    ]
    assert Space.of(["adam"], {"beta1": uniform(0.5, 0.9)}, Config(hyper={"lr": 0.1})).names == ("beta1",)


def test_an_optimizer_may_be_one_of_the_choices() -> None:
    assert Space.of(["sgd"], {"optimizer": choice("adam", "momentum")}).optimizers == ("adam", "momentum")


def test_fields_are_those_of_config_that_hold_one_value() -> None:
    names = {f.name for f in fields(Config)}
    assert set(FIELDS) < names
    assert {"batch_size", "epochs", "schedule", "patience"} <= set(FIELDS)
    assert not {"hyper", "schedules", "schedule_options", "seed", "optimizer"} & set(FIELDS)


def test_json_gives_the_same_space() -> None:
    assert Space.from_json(json.loads(json.dumps(RICH.to_json()))) == RICH


def test_corners_are_every_choice_with_numbers_low_and_high() -> None:
    corners = list(RICH.corners(Config()))
    assert len(corners) == 3 * 2 * 3 * 2
    assert {config.batch_size for config in corners} == {8, 64}
    assert {config.schedule for config in corners} == {"constant", "step", "exponential"}
    RICH.check(Config())


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"momentm": uniform(0, 0.9)}, UnknownNameError, "did you mean .*'momentum'"),
        ({"batch": choice(1, 2)}, UnknownNameError, "batch_size"),
        ({"seed": choice(1, 2)}, InputError, "luck is no setting"),
        ({"lr": 0.1}, InputTypeError, "belongs into base"),
        ({"lr": (1e-5, 1)}, InputTypeError, r"did you mean log\(1e-05, 1\)\?"),
        ({"lr": {"momentum": 0.1}}, InputTypeError, "The range of lr is none"),
        ({"lr": {"adam": log(0.1, 1)}}, UnknownNameError, "momentum"),
        ({"optimizer": log(0.1, 1)}, InputTypeError, "no choice"),
        ({"optimizer": choice("adma", "sgd")}, UnknownNameError, "did you mean 'adam'"),
        ({"weight_decay": log(1e-5, 1)}, InputError, "both fixed and searched"),
    ],
)
def test_a_slip_in_a_space_is_named(given: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Space.of(["momentum"], given, Config(hyper={"weight_decay": 0.1}))


def test_a_fixed_hyper_parameter_that_nobody_has_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'momentum'"):
        Space.of(["momentum", "sgd"], {}, Config(hyper={"momentun": 0.1}))
    assert (
        Space.of(["momentum", "sgd"], {}, Config(hyper={"momentum": 0.5})).config((0.9, 0.5), Config()).optimizer
    )


def test_nothing_to_search_is_no_space() -> None:
    with pytest.raises(InputError, match="nothing to search"):
        Space.of(["adam"], {}, Config(hyper={"lr": 0.1}))
    with pytest.raises(InputError, match="each once"):
        Space.of(["adam", "adam"])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"momentum": uniform(0.5, 1.0)}, OutOfRangeError),
        ({"lr": uniform(-1, 1)}, OutOfRangeError),
        ({"momentum": choice("high", "low")}, InputTypeError),
        ({"nesterov": uniform(0, 1)}, InputError),
        ({"batch_size": integers(0, 10)}, InputError),
        ({"epochs": uniform(1, 5)}, InputError),
    ],
)
def test_a_range_with_settings_that_cannot_be_is_found_before_the_first_run(
    given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Space.of(["momentum"], given).check(Config())


def test_regularization_and_choices_by_name_are_dimensions() -> None:
    given = {
        "lr": log(1e-3, 1),
        "label_smoothing": uniform(0, 0.2),
        "max_norm": log(0.5, 5),
        "dropout": uniform(0.1, 0.5),
        "init": choice(None, "he", "glorot"),
        "sampling": choice("shuffled", "drifting:strength=3.0"),
        "groups": choice(None, "layerwise:decay=0.5"),
    }
    space = Space.of(["adam"], given)
    for u in (0.0, 0.4, 0.99):
        config = space.config([u] * len(given), Config())
        again = space.config(space.point(config), Config())
        assert again.replace(hyper={}, max_norm=None, label_smoothing=None, dropout=None) == config.replace(
            hyper={}, max_norm=None, label_smoothing=None, dropout=None
        )
        assert (again.max_norm, again.dropout) == (pytest.approx(config.max_norm), pytest.approx(config.dropout))
        assert Space.from_json(json.loads(json.dumps(space.to_json()))) == space
    with pytest.raises(InputError, match="The dropout of a Config is unusable"):
        Space.of(["adam"], {"dropout": uniform(0.5, 1.5)}).check(Config())
