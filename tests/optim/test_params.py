"""What an optimizer is made over: parameters in any of torch's forms, and a plain word for anything else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim import LBFGS, SGD, Muon, Newton
from thalweg.optim.params import listed

KINDS = [SGD, Muon, LBFGS, Newton]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [torch.nn.Linear(2, 2), torch.nn.Parameter(torch.ones(2, 2)), None, 0.1])
def test_a_model_and_a_tensor_are_no_list(kind: Any, given: Any) -> None:
    with pytest.raises(InputTypeError, match=f"{kind.__name__} takes parameters in a list") as caught:
        kind(given)
    assert caught.value.got == type(given).__name__


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_that_was_read_is_empty(kind: Any) -> None:
    params = torch.nn.Linear(2, 2, bias=False).parameters()
    kind(params)
    with pytest.raises(InputError, match="got no parameters"):
        kind(params)


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_without_parameters_is_named(kind: Any) -> None:
    group = {"params": [torch.nn.Parameter(torch.ones(2, 2))]}
    with pytest.raises(InputError, match=f"Group 1 of {kind.__name__} has no parameters") as caught:
        kind([group, {"lr": 0.1}])
    assert caught.value.got == "lr"


def test_tensors_named_tensors_and_groups_come_back_as_they_are() -> None:
    p = torch.nn.Parameter(torch.ones(1))
    for given in ([p], [("p", p)], [{"params": [p]}]):
        found = listed("SGD", iter(given))  # pyright: ignore[reportArgumentType]
        assert len(found) == 1
        assert found[0] is given[0]
