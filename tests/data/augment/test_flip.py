from __future__ import annotations

import pytest
import torch

from thalweg.core.errors import OutOfRangeError
from thalweg.data.augment import Flip, flip

X = torch.arange(24.0).reshape(2, 3, 4)


def test_mirrored_or_not() -> None:
    assert torch.equal(flip(X, p=1), X.flip(-1))
    assert torch.equal(flip(X, p=0), X)


def test_each_image_is_mirrored_whole_and_as_often_as_p_says() -> None:
    image = X[0].expand(4000, 2, 3, 4)
    y = flip(image, p=0.3, generator=torch.Generator().manual_seed(0))
    mirrored = (y == image.flip(-1)).flatten(1).all(1)
    assert (mirrored | (y == image).flatten(1).all(1)).all()
    assert abs(mirrored.double().mean() - 0.3) < 4 * (0.3 * 0.7 / 4000) ** 0.5


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_no_probability(p: float) -> None:
    with pytest.raises(OutOfRangeError, match=r"p of an augmentation[\s\S]*in \[0, 1\]"):
        Flip(p=p)
    with pytest.raises(OutOfRangeError, match="p of an augmentation"):
        flip(X, p=p)
