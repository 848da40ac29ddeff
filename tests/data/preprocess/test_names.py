from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.data.batches import InMemory
from thalweg.data.preprocess import Standardize, fitted, preprocessors

TRAIN = InMemory(torch.randn(30, 4, generator=torch.Generator().manual_seed(0)), torch.arange(30))


def test_options_are_read_from_the_signature() -> None:
    assert {name: preprocessors.options(name) for name in preprocessors} == {
        "center": {"per": "feature"},
        "standardize": {"per": "feature"},
        "min-max": {"per": "feature", "low": 0.0, "high": 1.0},
        "pca": {"components": None},
        "pca-whitening": {"components": None, "floor": None},
        "zca": {"components": None, "floor": None},
    }


def test_a_preprocessor_is_left_as_it_is() -> None:
    mine = Standardize("global")
    assert fitted(mine, TRAIN).fitted
    assert not mine.fitted


@pytest.mark.parametrize(
    ("choice", "kind", "words"),
    [
        ("zac", UnknownNameError, "no preprocessor named 'zac'"),
        (("zca", {"flor": 0}), UnknownNameError, "option of the preprocessor zca named 'flor'"),
        (("center", {"per": "row"}), InputError, "per='row'"),
        (Standardize, InputTypeError, "type that cannot be used"),
        (["zca", "pca"], InputTypeError, "type that cannot be used"),
        (3, InputTypeError, "got: +3"),
    ],
)
def test_bad_input(choice: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        fitted(choice, TRAIN)
