from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import ModelError
from thalweg.nn import HalfSquaredDistanceLoss, L1DistanceLoss

Distance = HalfSquaredDistanceLoss | L1DistanceLoss


@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_sums_of_torchs_elements(shape: list[int], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    f, y = (torch.randn(shape, dtype=torch.float64, generator=generator) for _ in range(2))
    squares, absolutes = torch.nn.MSELoss(reduction="sum")(f, y), torch.nn.L1Loss(reduction="sum")(f, y)
    torch.testing.assert_close(HalfSquaredDistanceLoss()(f, y), squares / 2 / shape[0])
    torch.testing.assert_close(L1DistanceLoss()(f, y), absolutes / shape[0])


def test_gradient_of_the_half_square_is_the_error() -> None:
    f, y = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3)
    HalfSquaredDistanceLoss(reduction="sum")(f, y).backward()
    torch.testing.assert_close(f.grad, (f - y).detach())


@pytest.mark.parametrize("loss", [HalfSquaredDistanceLoss(), L1DistanceLoss()], ids=repr)
def test_a_column_against_a_row_is_refused(loss: Distance) -> None:
    with pytest.raises(ModelError, match="targets of another shape") as error:
        loss(torch.zeros(4, 1), torch.zeros(4))
    assert "y[:, None]" in str(error.value)
