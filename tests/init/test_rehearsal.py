from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import ModelError
from thalweg.init.rehearsal import feed, rehearsal


class Moody(nn.Module):
    """It counts its calls in buffers, one changed in place and one made anew, and draws random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("last", torch.zeros(2))
        self.layer, self.dropout = nn.Linear(2, 2), nn.Dropout(0.5)

    def forward(self, x: Tensor, *, scale: float = 1.0) -> Tensor:
        self.calls += 1
        x = functional.dropout(self.dropout(self.layer(x)), 0.5, self.training) * scale
        self.last = x[0].detach()
        return x


def test_nothing_is_left_of_it() -> None:
    model = Moody().eval()
    model.layer.train()
    calls, last = model.calls, model.last
    modes = {name: module.training for name, module in model.named_modules()}
    drawn = torch.get_rng_state()
    with rehearsal(model):
        assert {name: module.training for name, module in model.named_modules()} == {
            "": True,
            "layer": True,
            "dropout": False,
        }
        first = feed(model, torch.ones(2, 2))
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert model.calls is calls
    assert model.last is last
    assert not model.state_dict()["calls"]
    assert torch.equal(drawn, torch.get_rng_state())
    torch.manual_seed(17)
    with rehearsal(model):
        assert torch.equal(first, feed(model, torch.ones(2, 2)))  # what is random is the same each time


def test_nothing_is_left_of_one_that_fails() -> None:
    model = Moody().eval()
    with pytest.raises(ModelError, match=r"does not go through[\s\S]*tuple of its arguments"), rehearsal(model):
        feed(model, (torch.ones(2, 2), 3))
    assert not model.training
    assert not model.calls


def test_an_error_of_ours_is_not_wrapped() -> None:
    class Refusing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ModelError("A sentence.")

    with pytest.raises(ModelError, match=r"^A sentence\.$"):
        feed(Refusing(), torch.ones(1))
