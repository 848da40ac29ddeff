"""User code that asks for float32, in float64."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.experiments.double import doubled, in_double


def test_what_is_made_and_what_is_cast_is_in_double():
    x = torch.arange(3)
    with in_double():
        made = (torch.zeros(2), x.float(), x.to(torch.float32), x.to(dtype=torch.float32), torch.ones(1) * 2)
        assert {one.dtype for one in made} == {torch.float64}
    assert torch.zeros(1).dtype == torch.float32


def test_complex_numbers_too():
    with in_double():
        x = torch.ones(3)
        assert {one.dtype for one in (x.cfloat(), x.to(torch.cfloat), x + 1j)} == {torch.complex128}
    layer = doubled(nn.Linear(2, 2, dtype=torch.cfloat))
    assert {p.dtype for p in layer.parameters()} == {torch.complex128}


def test_the_usual_type_is_back_after_an_error():
    with pytest.raises(ValueError), in_double():
        raise ValueError
    assert torch.get_default_dtype() == torch.float32


def test_gradients_of_a_model_that_asks_for_float32_are_compared(digits_with, see):
    class Walking(nn.Module):
        def __init__(self, detach):
            super().__init__()
            self.cell, self.head, self.detach = nn.GRUCell(8, 16), nn.Linear(16, 10), detach

        def forward(self, x):
            state = torch.zeros(len(x), 16)
            for row in x.float().unflatten(1, (8, 8)).unbind(1):
                state = self.cell(row, state.detach() if self.detach else state)
            return self.head(state)

    assert see(digits_with(model=lambda: Walking(False)), "gradients").passed
    seen = see(digits_with(model=lambda: Walking(True)), "gradients")
    assert seen.faults == ["gradient_blocked"]
    assert not seen.mended().suspicions
