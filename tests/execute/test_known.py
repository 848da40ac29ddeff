"""Only models whose Python cannot do something else from batch to batch are known."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from thalweg.execute.known import not_known
from thalweg.nn import Residual
from thalweg.problems import accuracy


class Own(nn.Sequential):
    """A class of a user's own, which could do anything."""


def hooked() -> nn.Module:
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(lambda *_: None)
    return layer


def overwritten() -> nn.Module:
    layer = nn.ReLU()
    layer.forward = torch.sigmoid  # pyright: ignore[reportAttributeAccessIssue]
    return layer


def test_torchs_and_our_own_modules_are_known() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), Residual(nn.ReLU()), nn.Flatten())
    assert not_known(model, [nn.CrossEntropyLoss(), nn.functional.mse_loss, accuracy.function]) == ""


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Own(nn.ReLU()), "the whole is a Own"),
        (nn.Sequential(hooked()), "0 has a hook, or a forward of its own"),
        (nn.Sequential(overwritten()), "0 has a hook, or a forward of its own"),
        (weight_norm(nn.Linear(2, 2)), "the whole is a ParametrizedLinear"),
    ],
)
def test_what_may_do_something_else_is_not(model: nn.Module, says: str) -> None:
    assert not_known(model, []) == says


def test_a_loss_of_a_users_own_is_not() -> None:
    assert "is a function of its own" in not_known(nn.ReLU(), [lambda output, target: output.mean()])
