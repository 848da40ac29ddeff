"""Follow: where copies go through a call, and that what mixes features is told from what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.grow.copies import copies
from thalweg.grow.follow import Layout, follow
from thalweg.grow.trace import trace


class Once(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def followed(function: Callable[[Tensor], Any], *shape: int, axis: int, width: int) -> list[Layout | None] | None:
    """The layouts of what a function gives if the features of its input are copied."""
    seen = trace(Once(function), torch.randn(shape))
    (call,) = seen.calls
    (value,) = call.values()
    index = copies(shape[axis], width)
    found = follow(call, {value: Layout(axis, index, shape[axis])})
    return None if found is None else found.outputs


@pytest.mark.parametrize(
    ("function", "axis"),
    [
        (torch.relu, -2),
        (lambda x: x.transpose(1, 2), -1),
        (lambda x: functional.max_pool1d(x, 2), -2),
        (lambda x: x.mean(2), -1),
        (lambda x: functional.dropout(x, 0.5, training=True), -2),
        (lambda x: x[:, :, 1:3], -2),
        (lambda x: x[None], -2),
        (lambda x: x.softmax(-1), -2),
        (lambda x: functional.pad(x, (1, 1)), -2),
    ],
)
def test_copies_stay_copies(function: Any, axis: int) -> None:
    found = followed(function, 2, 3, 4, axis=-2, width=5)
    assert found
    (layout,) = found
    assert layout
    assert layout.axis == axis
    assert torch.equal(layout.index, copies(3, 5))


def test_flattening_lays_the_parts_of_a_copy_side_by_side() -> None:
    index = copies(3, 5)
    found = followed(lambda x: x.flatten(1), 2, 3, 4, axis=-2, width=5)
    assert found
    assert found[0]
    assert torch.equal(found[0].index, (index[:, None] * 4 + torch.arange(4)).flatten())
    other = followed(lambda x: x.flatten(1), 2, 4, 3, axis=-1, width=5)
    assert other
    assert other[0]
    assert torch.equal(other[0].index, (torch.arange(4)[:, None] * 3 + index).flatten())
    assert (other[0].axis, other[0].size) == (-1, 12)


def test_halves_of_a_multiple() -> None:
    found = followed(lambda x: x.chunk(2, 1), 2, 4, axis=-1, width=8)
    assert found
    assert [layout.index.tolist() for layout in found if layout] == [[0, 0, 1, 1]] * 2


def test_a_mean_over_features_is_none_the_wiser_if_all_are_copied_alike() -> None:
    assert followed(lambda x: x.mean(1), 2, 4, axis=-1, width=8) == [None]
    assert followed(lambda x: x.mean(1), 2, 4, axis=-1, width=7) is None


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.softmax(1),
        lambda x: x.sum(1),
        lambda x: x.cumsum(1),
        lambda x: functional.normalize(x, dim=1),
        torch.fft.rfft,
        torch.rand_like,
    ],
)
def test_what_mixes_features_is_told(function: Any) -> None:
    assert followed(function, 2, 4, axis=-1, width=8) is None
