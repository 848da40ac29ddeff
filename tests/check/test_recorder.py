"""Recorder: the numbers are right, hooks are gone afterwards, and training does not notice."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from thalweg.check.recorder import Recorder
from thalweg.check.trace import Moment
from thalweg.optim import Adam


def one_update(model: nn.Module, x: torch.Tensor, lr: float = 0.1) -> Moment:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    recorder = Recorder(model, optimizer)
    recorder.begin(0)
    output = model(x)
    loss = (output[0] if isinstance(output, tuple) else output).sum()
    loss.backward()
    optimizer.step()
    recorder.end(loss.item())
    (moment,) = recorder.close()
    return moment


def test_activations_and_weights_are_measured() -> None:
    layer = nn.Linear(2, 3)
    nn.init.constant_(layer.weight, 1.0)
    layer.bias.data = torch.tensor([0.0, -10.0, 1.0])
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    moment = one_update(nn.Sequential(layer, nn.ReLU()), x)
    relu = moment.activations["1"]
    assert relu.kind == "ReLU"
    assert relu.dead == pytest.approx(1 / 3)
    assert relu.zero == pytest.approx(1 / 3)
    assert relu.mean == pytest.approx((3 + 7 + 4 + 8) / 6)
    assert relu.gradient == pytest.approx(1.0)
    assert moment.activations["0"].gradient == pytest.approx(math.sqrt(4 / 6))
    weights = moment.weights["0.weight"]
    assert (weights.size, weights.norm) == (6, pytest.approx(math.sqrt(6)))
    assert weights.gradient == pytest.approx(math.sqrt(2 * (4**2 + 6**2)))
    assert weights.update == pytest.approx(0.1 * weights.gradient, rel=1e-5)


def test_saturation_is_the_outer_part_of_a_bounded_range() -> None:
    layer = nn.Linear(1, 4, bias=False)
    layer.weight.data = torch.tensor([[0.0], [1.0], [5.0], [-5.0]])
    moment = one_update(nn.Sequential(layer, nn.Tanh()), torch.ones(3, 1))
    assert moment.activations["1"].saturated == pytest.approx(0.5)
    assert moment.activations["0"].saturated == 0


def test_units_of_a_convolution_are_its_channels() -> None:
    conv = nn.Conv2d(1, 4, 3)
    conv.bias = nn.Parameter(torch.tensor([-100.0, 100.0, 100.0, 100.0]))
    moment = one_update(nn.Sequential(conv, nn.BatchNorm2d(4).eval(), nn.ReLU()), torch.rand(2, 1, 8, 8))
    assert moment.activations["2"].dead == pytest.approx(0.25)


def test_layers_called_twice_changed_in_place_and_with_several_outputs() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.layer, self.act = nn.LSTM(3, 4), nn.Linear(4, 4), nn.ReLU(inplace=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden, _ = self.lstm(x)
            return self.act(self.layer(self.act(self.layer(hidden))))

    moment = one_update(Net(), torch.randn(5, 2, 3))
    assert list(moment.activations) == ["lstm", "layer", "act", "layer#2", "act#2"]
    assert all(math.isfinite(one.gradient) for one in moment.activations.values())
    assert moment.activations["layer"].zero == 0


def test_what_is_not_finite_is_said_and_what_has_no_gradient() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].weight.requires_grad_(requires_grad=False)
    moment = one_update(model, torch.tensor([[1.0, math.inf]]))
    assert not moment.activations["0"].finite
    assert math.isnan(moment.weights["0.weight"].gradient)
    assert moment.weights["0.weight"].update == 0


def trained(optimizer_class: type[Optimizer], every: int) -> tuple[list[torch.Tensor], tuple[Moment, ...]]:
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.ReLU(inplace=True), nn.Linear(8, 2))
    optimizer = optimizer_class(model.parameters(), lr=0.01)  # type: ignore[call-arg]
    recorder = Recorder(model, optimizer, every=every) if every else None
    for step in range(6):
        if recorder:
            recorder.begin(step)
        optimizer.zero_grad()
        loss = model(torch.randn(16, 4)).square().mean()
        loss.backward()
        optimizer.step()
        if recorder:
            recorder.end(loss.item())
    assert not any(m._forward_hooks for m in model.modules())
    return [p.detach().clone() for p in model.parameters()], recorder.close() if recorder else ()


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, Adam])
def test_training_does_not_notice(kind: type[Optimizer]) -> None:
    plain, _ = trained(kind, every=0)
    for every in (1, 4):
        recorded, moments = trained(kind, every)
        assert all(map(torch.equal, recorded, plain))
        assert [moment.step for moment in moments] == list(range(0, 6, every))
