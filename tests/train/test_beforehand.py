"""What cannot be trained is said before the first run, and the one who is to blame is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from thalweg.core.config import Config
from thalweg.core.errors import ModelError
from thalweg.problems import Problem
from thalweg.train.beforehand import probe_all

MakeProblem = Callable[..., Problem]


@pytest.mark.parametrize("name", ["pca", "pca-whitening"])
def test_a_preprocessing_that_leaves_too_few_inputs_is_to_blame(name: str, problem: Problem) -> None:
    with pytest.raises(ModelError) as said:
        probe_all(problem, [Config(preprocess=f"{name}:components=2")])
    assert "The model cannot take the inputs as they are preprocessed." in str(said.value)
    assert f"{name}:components=2 makes 2 features of 6;" in str(said.value)
    assert "give the model 2 inputs" in str(said.value)


def test_one_that_flattens_says_so(make_problem: MakeProblem) -> None:
    def images() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 3, 2), nn.Flatten(), nn.LazyLinear(3))

    x, y = torch.randn(40, 1, 4, 4, generator=torch.Generator().manual_seed(0)), torch.arange(40) % 3
    problem = make_problem(model=images, train=(x, y), valid=(x, y), test=None)
    with pytest.raises(ModelError, match=r"pca makes 16 features of 16, in place of the shape \(1, 4, 4\)"):
        probe_all(problem, [Config(preprocess="pca")])
    probe_all(problem, [Config(preprocess="zca")])


def test_a_model_that_cannot_take_the_inputs_anyway_is_to_blame_itself(make_problem: MakeProblem) -> None:
    problem = make_problem(model=lambda: nn.Linear(5, 3))
    with pytest.raises(ModelError, match="The model cannot take the input\\."):
        probe_all(problem, [Config(preprocess="pca:components=2")])
    probe_all(make_problem(model=lambda: nn.Linear(2, 3)), [Config(preprocess="pca:components=2")])
