"""Layers and norms: what is measured is what plain torch says of the same pass."""

from __future__ import annotations

import math

import pytest
import torch
from tests.watch.loops import Loop, batches, net
from torch import nn


@pytest.fixture(scope="module")
def heard():
    """The first update of a net: its model of before, its batch, and the numbers."""
    model, before = net(dropout=0.0), net(dropout=0.0)
    x, y = next(batches(512))
    loop = Loop(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), every=1)
    loop.run(1, data=iter([(x, y)]))
    loop.monitor.close()
    return model, before, x, y, loop.monitor.report().points[0].numbers


def test_outputs_are_those_of_the_layers(heard):
    _, before, x, _, numbers = heard
    for name, layer in before.named_children():
        x = layer(x)
        assert numbers[f"mean/{name}"] == pytest.approx(x.mean().item(), abs=1e-6)
        assert numbers[f"spread/{name}"] == pytest.approx(x.std(correction=0).item(), rel=1e-4)
        if isinstance(layer, nn.ReLU):
            assert numbers[f"dead/{name}"] == pytest.approx((x == 0).all(0).float().mean().item())
        if isinstance(layer, nn.Tanh):
            assert numbers[f"saturated/{name}"] == pytest.approx((x.abs() > 0.95).float().mean().item())


def test_gradients_that_come_back_are_autograds(heard):
    _, before, x, y, numbers = heard
    kept = {}
    for name, layer in before.named_children():
        x = layer(x)
        x.retain_grad()
        kept[name] = x
    nn.functional.cross_entropy(x, y).backward()
    for name, output in kept.items():
        assert numbers[f"returned/{name}"] == pytest.approx(output.grad.square().mean().sqrt().item(), rel=1e-4)
    for name, p in before.named_parameters():
        assert numbers[f"gradient/{name}"] == pytest.approx(p.grad.norm().item(), rel=1e-5)
    assert numbers["gradient"] == pytest.approx(
        nn.utils.get_total_norm(p.grad for p in before.parameters()).item()
    )
    before.zero_grad()


def test_changes_are_those_of_the_step(heard):
    model, before, _, _, numbers = heard
    pairs = list(zip(model.parameters(), before.parameters(), strict=True))
    for (name, p), (_, old) in zip(model.named_parameters(), pairs, strict=True):
        assert numbers[f"change/{name}"] == pytest.approx((p - old).norm().item(), rel=1e-4)
        assert numbers[f"weight/{name}"] == pytest.approx(old.norm().item(), rel=1e-6)
    moved = math.hypot(*[(p - old).norm().item() for p, old in pairs])
    size = math.hypot(*[old.norm().item() for _, old in pairs])
    assert numbers["update ratio"] == pytest.approx(moved / size, rel=1e-4)


def test_the_noise_scale_is_that_of_the_samples_own_gradients(heard):
    _, before, x, y, numbers = heard
    parts = []
    for sample, label in zip(x.split(1), y.split(1), strict=True):
        nn.functional.cross_entropy(before(sample), label).backward()
        parts.append(before[5].weight.grad.flatten().double().clone())
        before.zero_grad()
    gradients = torch.stack(parts)
    n, mean = len(gradients), gradients.mean(0)
    spread = (gradients - mean).square().sum() / (n - 1)
    signal = mean.square().sum() - spread / n
    assert numbers["gradient noise"] == pytest.approx((spread / signal).item(), rel=1e-3)


def test_a_layer_called_twice_has_two_names(loop):
    shared = nn.Linear(64, 64)
    found = loop(nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(64, 10))).run(1)
    numbers = found.monitor.report().points[0].numbers
    assert numbers["spread/0"] != numbers["spread/0#2"]


def test_sparse_gradients_low_precision_and_complex_weights_are_heard(loop):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(17, 8, sparse=True)
            self.turn = nn.Parameter(torch.ones(8, dtype=torch.complex64))
            self.head = nn.Linear(64 * 8, 10).bfloat16()

        def forward(self, x):
            turned = (self.table((16 * x).long()) * self.turn).real
            return self.head(turned.flatten(1).bfloat16()).float()

    found = loop(Mixed()).run(12)
    assert found.faults == []
    numbers = found.monitor.report().points[-1].numbers
    assert numbers["gradient/table.weight"] > 0
    assert numbers["change/turn"] > 0
    assert numbers["spread/head"] > 0
