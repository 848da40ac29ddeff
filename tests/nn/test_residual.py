from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from thalweg.core.errors import InputError, ModelError
from thalweg.nn import Residual

x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))


def test_sum_of_input_and_branch() -> None:
    branch = nn.Linear(4, 4)
    assert torch.equal(Residual(branch)(x), x + branch(x))
    torch.testing.assert_close(Residual(branch, scale=0.25)(x), x + 0.25 * branch(x))


def test_shortcut() -> None:
    branch, shortcut = nn.Linear(4, 7), nn.Linear(4, 7)
    assert torch.equal(Residual(branch, shortcut)(x), shortcut(x) + branch(x))
    assert torch.equal(Residual(nn.ReLU(), nn.Sequential())(x), x + x.relu())  # an empty module counts


def test_gain() -> None:
    assert Residual(nn.Identity()).gain == pytest.approx(math.sqrt(0.5))
    assert Residual(nn.Identity(), scale=0).gain == 1


@pytest.mark.parametrize("outputs", [1, 5])
def test_shapes_that_differ_are_refused_even_where_they_would_broadcast(outputs: int) -> None:
    with pytest.raises(ModelError, match="cannot be added") as error:
        Residual(nn.Linear(4, outputs))(x)
    assert f"(3, {outputs}), beside (3, 4)" in str(error.value)


def test_no_scale() -> None:
    with pytest.raises(InputError, match="scale is unusable"):
        Residual(nn.Identity(), scale=math.nan)
