from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.errors import InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.data.augment import Crop, Flip, augmentations, augmented


def negated(x: Tensor) -> Tensor:
    return -x


def test_options_are_read_from_the_signature() -> None:
    assert {name: augmentations.options(name) for name in augmentations} == {
        "flip": {"p": 0.5},
        "crop": {"padding": 4, "fill": 0.0},
        "contrast": {"strength": 0.2},
        "tint": {"std": 0.1},
    }


def test_several_are_applied_in_their_order() -> None:
    chain = augmented([("flip", {"p": 1}), negated, nn.ReLU()])
    x = torch.tensor([[[1.0, -2.0]]])
    assert chain(x).tolist() == [[[2.0, 0.0]]]
    assert isinstance(chain, nn.Sequential)
    assert isinstance(chain[0], Flip)


def test_one_is_itself() -> None:
    assert augmented(negated) is negated
    crop = augmented(("crop", {"padding": 1}))
    assert isinstance(crop, Crop)
    assert crop.padding == 1
    assert augmented(crop) is crop


def test_kornia_serves_as_it_is() -> None:
    kornia = pytest.importorskip("kornia.augmentation", reason="the extra vision is not installed")
    turned = augmented(["flip", kornia.RandomRotation(10.0, p=1.0)])(torch.ones(4, 3, 8, 8))
    assert turned.shape == (4, 3, 8, 8)


@pytest.mark.parametrize(
    ("choice", "kind", "words"),
    [
        ("flop", UnknownNameError, "no augmentation named 'flop'"),
        (("flip", {"q": 1}), UnknownNameError, "option of the augmentation flip named 'q'"),
        (("tint", {"axes": None}), UnknownNameError, "named 'axes'"),
        (["flip", ("crop", {"padding": -1})], OutOfRangeError, "padding"),
        (Flip, InputTypeError, "the class Flip"),
        (["flip", 3], InputTypeError, "got: +3"),
        (3, InputTypeError, "type that cannot be used"),
    ],
)
def test_bad_input(choice: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        augmented(choice)
