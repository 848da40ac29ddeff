"""Layers of other sizes in the place of what there is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.looks.resized import with_layer, with_outputs


def test_the_last_layer_of_so_many_outputs_is_made_anew(small_digits, setup_of, mlp):
    given = setup_of(small_digits, mlp(64, 9, 9))
    model = with_outputs(given, 9, 10).problem.model()
    assert [model[0].out_features, model[2].out_features] == [9, 10]
    assert model(torch.zeros(2, 64)).shape == (2, 10)
    assert given.problem.model()[2].out_features == 9


def test_a_model_that_is_one_layer_is_replaced(small_digits, setup_of):
    given = setup_of(small_digits, lambda: nn.Linear(64, 9, bias=False))
    model = with_outputs(given, 9, 10).problem.model()
    assert (model.out_features, model.bias) == (10, None)


def test_without_such_a_layer_no_model_is_made(small_digits, setup_of, mlp):
    with pytest.raises(LookupError):
        with_outputs(setup_of(small_digits, mlp(64, 10)), 7, 8).problem.model()


def test_a_layer_inside_another(small_digits, setup_of, mlp):
    given = setup_of(small_digits, lambda: nn.Sequential(nn.Flatten(), mlp(64, 16, 10)()))
    model = with_layer(given, "1.1", lambda old: nn.Tanh()).problem.model()
    assert isinstance(model[1][1], nn.Tanh)
