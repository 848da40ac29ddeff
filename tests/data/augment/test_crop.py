from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from thalweg.core.errors import OutOfRangeError
from thalweg.data.augment import Crop, crop


def test_every_result_is_a_window_of_the_padded_image_and_all_come_up() -> None:
    image = torch.arange(1.0, 31.0).reshape(2, 3, 5)
    padded = functional.pad(image, (2, 2, 2, 2), value=-1.0)
    windows = {tuple(padded[:, r : r + 3, c : c + 5].flatten().tolist()) for r in range(5) for c in range(5)}
    y = crop(image.expand(2500, -1, -1, -1), padding=2, fill=-1.0, generator=torch.Generator().manual_seed(0))
    found, counts = y.flatten(1).unique(dim=0, return_counts=True)
    assert {tuple(row) for row in found.tolist()} == windows
    # A chi-squared statistic of 24 degrees of freedom exceeds 52 once in a thousand times.
    assert ((counts - 100.0).square() / 100).sum() < 52


def test_samples_do_not_mix() -> None:
    x = torch.arange(1.0, 6.0)[:, None, None, None].expand(-1, 2, 4, 4)
    y = crop(x, padding=1)
    assert ((y == x) | (y == 0)).all()


def test_no_padding_changes_nothing() -> None:
    x = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(crop(x, padding=0), x)
    assert Crop(padding=2.0).padding == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("padding", [-1, 0.5, float("nan"), "4"])
def test_no_whole_number(padding: Any) -> None:
    with pytest.raises(OutOfRangeError, match="whole number >= 0"):
        Crop(padding=padding)
    with pytest.raises(OutOfRangeError, match="whole number >= 0"):
        crop(torch.zeros(1, 2, 2), padding=padding)
