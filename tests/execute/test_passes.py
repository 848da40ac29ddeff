"""What torch says of an operation that it cannot batch is told in one plain line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from thalweg.execute.passes import in_a_pass


def branch(x: Tensor) -> Tensor:
    return x if x.sum() > 0 else -x


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x * x.sum().item(), "a number is taken out of a tensor, by .item() or the like"),
        (lambda x: x * float(x.sum()), "a number is taken out of a tensor, by .item() or the like"),
        (branch, "the value of a tensor decides what is done, by an if or the like"),
        (lambda x: torch.from_numpy(x.numpy()), "a tensor is taken out of torch, by .numpy() or the like"),
        (lambda x: x[x > 0], "the values of a tensor decide how many there are of another, by a mask or the like"),
        (lambda x: x @ x[:2], "RuntimeError: "),
    ],
)
def test_what_a_batched_pass_cannot_do_is_one_line(function: Callable[[Tensor], Tensor], says: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        vmap(function)(torch.ones(3, 4))
    said = in_a_pass(caught.value)
    assert said.startswith(says)
    assert "\n" not in said
    assert "vmap" not in said or says == "RuntimeError: "
