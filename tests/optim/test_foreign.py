"""An optimizer from elsewhere is known by its settings, and refused where it cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim.foreign import Foreign


class Mine(torch.optim.SGD):
    def __init__(self, params: Any, **settings: Any) -> None:
        super().__init__(params, **settings)


def made(params: Any, lr: float) -> Any:
    return torch.optim.SGD(params, lr=lr)


def parameters() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(2))]


def test_its_settings_are_its_keywords() -> None:
    entry = Foreign(torch.optim.SGD, "torch.SGD")
    assert [*entry.hypers()] == ["lr", "momentum", "dampening", "weight_decay"]
    assert entry.flags == {"nesterov": False, "maximize": False, "differentiable": False}
    assert [*Foreign(Mine, "Mine").hypers()] == [*Foreign(made, "made").hypers()] == ["lr"]


def test_it_is_made_of_them() -> None:
    optimizer = Foreign(torch.optim.SGD, "torch.SGD").build(parameters(), {"lr": 0.5, "nesterov": False})
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert Foreign(made, "made").build(parameters(), {"lr": 0.25}).defaults["lr"] == 0.25


def test_without_a_range_it_says_how_to_give_one() -> None:
    assert Foreign(made, "made", (1e-3, 1.0)).search == (1e-3, 1.0)
    with pytest.raises(InputError, match=r"--search made=1e-4:1"):
        _ = Foreign(made, "made").search


def test_what_cannot_be_made_or_stepped_is_refused() -> None:
    with pytest.raises(InputError, match="missing a required argument: 'lr'"):
        Foreign(made, "made").build(parameters(), {})
    with pytest.raises(InputTypeError, match="makes no optimizer"):
        Foreign(lambda params, lr: 3, "three").build(parameters(), {"lr": 1.0})  # pyright: ignore
    with pytest.raises(InputError, match="step of LBFGS"):
        Foreign(torch.optim.LBFGS, "torch.LBFGS").build(parameters(), {})
