from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError

numbers = st.dictionaries(
    st.text(max_size=6), st.booleans() | st.integers() | st.floats(allow_nan=False), max_size=4
)
counts = st.none() | st.integers(1, 10**6)
configs = st.builds(
    Config,
    optimizer=st.text(max_size=8),
    hyper=numbers,
    schedule=st.text(max_size=8),
    schedule_options=numbers,
    schedules=st.dictionaries(
        st.text(max_size=6).filter(lambda hyper: hyper != "lr"),
        st.tuples(st.text(max_size=8), numbers),
        max_size=3,
    ),
    epochs=counts,
    batch_size=counts,
    patience=counts,
    keep=st.sampled_from(["last", "best"]),
    seed=st.integers(),
    init=st.sampled_from([None, "he"]),
    dropout=st.none() | st.floats(0, 0.9),
    max_norm=st.none() | st.floats(0.1, 10),
    augment=st.sampled_from([None, "flip", "crop:padding=4,fill=0.5,flip"]),
)


@given(configs)
def test_json_and_pickle_and_copies_give_the_same_config(config: Config) -> None:
    others = [
        Config.from_json(json.loads(json.dumps(config.to_json()))),
        pickle.loads(pickle.dumps(config)),
        copy.deepcopy(config),
        copy.copy(config),
        config.replace(),
    ]
    assert others == [config] * 5
    assert {hash(other) for other in others} == {hash(config)}
    assert [other.to_json() for other in others] == [config.to_json()] * 5


@given(configs)
def test_it_prints_as_the_python_that_makes_it_again(config: Config) -> None:
    again = eval(repr(config), {"Config": Config, "float": float})
    assert again == config
    assert again.to_json() == config.to_json()


def test_what_is_default_is_not_printed_but_for_the_optimizer() -> None:
    assert repr(Config()) == "Config(optimizer='momentum')"
    config = Config(optimizer="adam", hyper={"lr": 0.0123456789}, epochs=5)
    assert repr(config) == "Config(optimizer='adam', hyper={'lr': 0.0123456789}, epochs=5)"
    several = Config(schedule="step", schedules={"momentum": ("linear", {"end": float("inf")})})
    assert repr(several) == (
        "Config(optimizer='momentum', schedule='step', schedules={'momentum': ('linear', {'end': float('inf')})})"
    )


@given(configs, configs)
def test_equal_means_equal_json(one: Config, other: Config) -> None:
    assert (one == other) == (one.to_json() == other.to_json())


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (0.0, -0.0), (True, 1), (2**70, 2.0**70)])
def test_equal_configs_have_equal_hashes(one: float, other: float) -> None:
    first, second = Config(hyper={"lr": one}), Config(hyper={"lr": other})
    assert first == second
    assert len({first, second}) == 1


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Config)])
def test_every_field_counts(field: str) -> None:
    changed = {"hyper": {"lr": 0.5}, "schedule_options": {"k": 2.0}, "optimizer": "sgd", "schedule": "step"}
    changed |= {"keep": "best", "schedules": {"momentum": ("linear", {"end": 1.1})}}
    changed |= {"init": "he", "groups": "mup", "preprocess": "zca", "augment": "flip", "sampling": "hard"}
    changed |= {"dropout": 0.5, "label_smoothing": 0.1}
    assert Config().replace(**{field: changed.get(field, 7)}) != Config()


def test_a_config_cannot_be_changed() -> None:
    given_hyper = {"lr": 0.1}
    config = Config(hyper=given_hyper)
    given_hyper["lr"] = 9.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.hyper["lr"] = 9.0  # type: ignore[index]
    config.to_json()["hyper"]["lr"] = 9.0
    config.to_json()["schedules"]["momentum"] = ["step", {}]
    assert config.hyper["lr"] == 0.1


@pytest.mark.parametrize("change", [lambda data: Config.from_json(data), lambda data: Config().replace(**data)])
def test_an_unknown_field_gives_the_nearest(change: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'epochs'"):
        change({"epcohs": 3})


@pytest.mark.parametrize("value", [0, -1, 1.0, 2.5, True, False, "3", float("nan")])
@pytest.mark.parametrize("field", ["epochs", "batch_size", "patience"])
def test_lengths_are_integers_above_zero(field: str, value: object) -> None:
    with pytest.raises(InputError, match=f"The {field} of a Config is unusable") as caught:
        Config(**{field: value})  # type: ignore[arg-type]
    assert caught.value.got == repr(value)


@pytest.mark.parametrize("value", [None, True, 1.0, "1"])
def test_a_seed_is_an_integer(value: object) -> None:
    with pytest.raises(InputError, match="The seed of a Config is unusable"):
        Config(seed=value)  # type: ignore[arg-type]
    assert Config(seed=-(10**30)).seed == -(10**30)


@pytest.mark.parametrize("value", ["Best", "", None, 1, ["best"]])
def test_the_weights_to_keep_are_the_last_or_the_best(value: object) -> None:
    with pytest.raises(InputError, match=r"The keep of a Config is unusable[\s\S]*'last' or 'best'") as caught:
        Config(keep=value)  # type: ignore[arg-type]
    assert caught.value.got == repr(value)


def test_patience_implies_the_best_weights() -> None:
    assert [Config(**given).keeps_best for given in ({}, {"keep": "best"}, {"patience": 2})] == [False, True, True]
    assert Config(patience=2).replace(patience=None) == Config()


def test_a_config_from_before_there_were_more_schedules_is_read() -> None:
    saved = Config(schedule="step", schedule_options={"every": 2}).to_json()
    del saved["schedules"]
    config = Config.from_json(saved)
    assert config.all_schedules == {"lr": ("step", {"every": 2})}


def test_the_schedule_of_lr_is_kept_in_one_place() -> None:
    config = Config(schedules={"lr": ("step", {"every": 2}), "momentum": ("linear", {"end": 1.1})})
    assert config == Config(
        schedule="step", schedule_options={"every": 2}, schedules={"momentum": ("linear", {"end": 1.1})}
    )
    assert config.all_schedules == {"lr": ("step", {"every": 2}), "momentum": ("linear", {"end": 1.1})}
    assert config.to_json()["schedules"] == {"momentum": ["linear", {"end": 1.1}]}
    with pytest.raises(TypeError):
        config.schedules["momentum"][1]["end"] = 2.0  # type: ignore[index]


@pytest.mark.parametrize("first", [{"schedule": "inverse"}, {"schedule_options": {"k": 2}}])
def test_two_schedules_of_lr_are_refused(first: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"Two schedules are set for lr[\s\S]*keep one"):
        Config(**first, schedules={"lr": ("step", {})})


@pytest.mark.parametrize("value", ["linear", ("linear",), ("linear", 2), (1, {}), None, {"linear": {"end": 1}}])
def test_a_schedule_is_a_pair(value: Any) -> None:
    with pytest.raises(
        InputTypeError, match=r"schedule of momentum is no pair[\s\S]*\(\"linear\", \{\"end\": 0.5"
    ):
        Config(schedules={"momentum": value})


def test_options_of_a_schedule_are_numbers() -> None:
    with pytest.raises(InputTypeError, match="end is no number"):
        Config(schedules={"momentum": ("linear", {"end": "1"})})  # type: ignore[dict-item]
    assert Config(schedules={"momentum": ("linear", {"end": np.float64(1.5)})}).to_json()["schedules"] == {
        "momentum": ["linear", {"end": 1.5}]
    }


@pytest.mark.parametrize("field", ["hyper", "schedule_options"])
@pytest.mark.parametrize("value", ["0.1", None, [0.1], 1j])
def test_settings_are_numbers(field: str, value: object) -> None:
    with pytest.raises(InputTypeError, match="lr is no number"):
        Config(**{field: {"lr": value}})  # type: ignore[arg-type]


def test_numbers_of_other_libraries_become_pythons_own() -> None:
    config = Config(
        hyper={"lr": np.float32(0.5), "k": np.int64(3), "f": Fraction(1, 4), "d": np.float64(0.1)},  # type: ignore[dict-item]
        epochs=np.int64(4),  # type: ignore[arg-type]
        seed=np.uint8(7),  # type: ignore[arg-type]
    )
    assert config == Config(hyper={"lr": 0.5, "k": 3, "f": 0.25, "d": 0.1}, epochs=4, seed=7)
    assert {type(value) for value in config.hyper.values()} == {int, float}
    assert json.loads(json.dumps(config.to_json()))["hyper"]["lr"] == 0.5


def test_a_config_from_before_there_was_regularization_is_read() -> None:
    old = {"optimizer": "adam", "hyper": {"lr": 0.1}, "epochs": 3, "keep": "best", "seed": 2}
    assert Config.from_json(old) == Config(**old)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given", ["flip,crop:padding=4", ["flip", ("crop", {"padding": 4})], ["flip,crop:padding=4"]]
)
def test_choices_are_kept_as_text(given: Any) -> None:
    assert Config(augment=given).augment == "flip,crop:padding=4"
    assert Config(preprocess=("pca", {"components": np.float32(0.5)})).preprocess == "pca:components=0.5"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("dropout", True),
        ("label_smoothing", 1.5),
        ("max_norm", 0),
        ("max_norm", "3"),
    ],
)
def test_numbers_of_regularization_stay_in_their_ranges(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"The {field} of a Config is unusable[\\s\\S]*a (finite )?number"):
        Config(**{field: value})


@pytest.mark.parametrize("value", ["", "zca:", "a,b", ("zca", 3), 3, abs, ["zca", "pca"]])
def test_what_is_no_choice_is_refused(value: Any) -> None:
    with pytest.raises((InputError, InputTypeError)):
        Config(preprocess=value)
    with pytest.raises((InputError, InputTypeError)):
        Config(sampling=None)  # type: ignore[arg-type]
