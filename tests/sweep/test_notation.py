"""Ranges as they are typed: logarithmic, uniform, whole, or a choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.sweep.dimensions import Choice, Dimension, Integers, Log, Uniform
from thalweg.sweep.notation import from_file, read, settle


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("lr=1e-5:1", Log(1e-5, 1.0)),
        ("lr=0.1:0.5", Uniform(0.1, 0.5)),
        ("momentum=0.5:0.99", Uniform(0.5, 0.99)),
        ("momentum=0:0.9", Uniform(0.0, 0.9)),
        ("weight_decay=1e-6:1e-2", Log(1e-6, 1e-2)),
        ("batch_size=16:256", Integers(16, 256)),
        ("batch_size=16,32,64", Choice((16, 32, 64))),
        ("schedule=constant, step", Choice(("constant", "step"))),
        ("cautious=true,false", Choice((True, False))),
    ],
)
def test_a_range_is_read_as_it_is_meant(text: str, dimension: Dimension) -> None:
    name = text.partition("=")[0]
    assert read([text], ["momentum"]) == ({name: dimension}, {})


def test_single_values_are_fixed_where_they_belong() -> None:
    searched, fixed = read(["weight_decay=1e-4", "batch_size=64", "cautious=true", "lr=0.1"], ["sgd"])
    assert searched == {}
    config = settle(Config(hyper={"ema": 0.9}), fixed)
    assert config.batch_size == 64
    assert dict(config.hyper) == {"ema": 0.9, "weight_decay": 1e-4, "cautious": True, "lr": 0.1}


@pytest.mark.parametrize("text", ["lr", "lr=", "=1", "lr=a:1", "batch_size=1.5:3", "lr=1:", "lr=0:1", "lr=1:0.1"])
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(InputError):
        read([text], ["adam"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [("lr=1:1e-5", "lr=1e-5:1"), ("batch_size=64:8", "batch_size=8:64"), ("momentum=0.9:0.9", "momentum=0.9")],
)
def test_a_range_that_holds_no_values_is_asked_about(text: str, meant: str) -> None:
    with pytest.raises(InputError, match="A range holds no values") as caught:
        read([text], ["momentum"])
    assert caught.value.remedy == f"did you mean {meant}?"


def test_a_space_comes_from_a_users_file(tmp_path: Path) -> None:
    file = tmp_path / "ranges.py"
    file.write_text("import thalweg as tw\nspace = {'lr': tw.log(1e-3, 1)}\nother = 3\n")
    assert from_file(f"{file}:space") == from_file(str(file)) == {"lr": Log(1e-3, 1)}
    with pytest.raises(InputTypeError, match="is no space"):
        from_file(f"{file}:other")
    with pytest.raises(UnknownNameError, match="did you mean 'space'"):
        from_file(f"{file}:spac")
