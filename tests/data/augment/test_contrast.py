from __future__ import annotations

import pytest
import torch

from thalweg.core.errors import OutOfRangeError
from thalweg.data.augment import Contrast, contrast


def test_mean_stays_and_the_spread_is_multiplied_by_what_was_drawn() -> None:
    x = torch.randn(500, 3, 4, 4, generator=torch.Generator().manual_seed(0)).double() + 3
    y = contrast(x, strength=0.4, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(y.flatten(1).mean(1), x.flatten(1).mean(1))
    c = y.flatten(1).std(1) / x.flatten(1).std(1)
    drawn = torch.rand(500, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(c, 0.6 + 0.8 * drawn)


def test_samples_of_any_shape() -> None:
    for shape in ((4,), (4, 5), (4, 2, 3)):
        assert contrast(torch.ones(shape)).allclose(torch.ones(shape))


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strength_out_of_range(strength: float) -> None:
    with pytest.raises(OutOfRangeError, match="strength of an augmentation"):
        Contrast(strength=strength)
    with pytest.raises(OutOfRangeError, match="strength of an augmentation"):
        contrast(torch.ones(2, 2), strength=strength)
