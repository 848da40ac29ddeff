"""Gradients of single layers that nobody clears."""

from __future__ import annotations

from functools import partial

import pytest
from torch.optim import SGD


def clearing(*layers):
    """Return a step that clears the gradients of some layers alone."""

    def step(model, optimizer, loss, x, y):
        for layer in layers:
            model[layer].zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value

    return step


@pytest.mark.parametrize(("layers", "held"), [((0,), ("2.weight", "2.bias")), ((2,), ("0.weight", "0.bias"))])
def test_what_one_layer_keeps_is_found_and_named(layers, held, digits_with, see):
    seen = see(digits_with(train_step=clearing(*layers), optimizer=partial(SGD, lr=0.02)), "gradients used")
    assert seen.faults == ["zero_grad"]
    assert all(name in seen.suspicions[0].finding.evidence for name in held)
    assert not seen.mended().suspicions


def test_all_layers_cleared_one_by_one_are_right(digits_with, see):
    given = digits_with(train_step=clearing(0, 2), optimizer=partial(SGD, lr=0.02))
    assert not see(given, "gradients used").suspicions
