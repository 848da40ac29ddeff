"""What is given goes before the preset, and the preset before the defaults."""

from __future__ import annotations

import pytest

from thalweg.core.errors import UnknownNameError
from thalweg.sweep.dimensions import Log, Uniform
from thalweg.sweep.presets import DEFAULTS, settled


def test_given_then_preset_then_default() -> None:
    open_ = dict.fromkeys([*DEFAULTS, "space"])
    assert settled(None, **open_) == {**DEFAULTS, "space": None}
    deepobs = settled("deepobs", **open_)
    assert (deepobs["trials"], deepobs["seeds"], deepobs["sampler"], deepobs["halving"]) == (36, 10, "grid", False)
    assert deepobs["space"] == {"lr": Log(1e-5, 1e2)}
    assert settled("deepobs", **{**open_, "seeds": 2, "halving": True}) == {**deepobs, "seeds": 2, "halving": True}
    momentum = {"momentum": Uniform(0.5, 0.9)}
    assert settled("deepobs", space=momentum)["space"] == {"lr": Log(1e-5, 1e2), **momentum}
    assert settled("quick", space=momentum)["space"] == momentum


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        settled("quik", trials=None)
