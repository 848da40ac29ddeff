"""Apart: generators come back whatever happens inside, and copies share no tensor with what the user has."""

from __future__ import annotations

import random
import warnings
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from thalweg.check.apart import copied, undisturbed
from thalweg.core.errors import InputTypeError, ModelError


def drawn() -> tuple[float, float, float]:
    return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002


def tensors(model: nn.Module) -> set[int]:
    return {tensor.data_ptr() for tensor in (*model.parameters(), *model.buffers())}


@pytest.mark.parametrize("fault", [(), (ValueError,), (KeyboardInterrupt,)])
def test_all_three_generators_come_back(fault):
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    expected = drawn()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    with suppress(*fault), undisturbed():
        drawn()
        for error in fault:
            raise error
    assert drawn() == expected


def test_gradient_mode_and_warnings_are_its_own():
    with torch.no_grad(), undisturbed():
        assert torch.is_grad_enabled()
        warnings.warn("of the user's code", stacklevel=1)
        torch.set_grad_enabled(False)
    assert torch.is_grad_enabled()
    with torch.no_grad():
        with undisturbed():
            pass
        assert not torch.is_grad_enabled()


def test_a_fresh_factory_is_taken_as_it_is(setup_of, blobs, mlp):
    def loss(output: Tensor, y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(output, y)

    given = setup_of(blobs, mlp(4, 3), loss)
    assert copied(given) is given


def test_a_model_that_is_always_the_same_is_copied_each_time(setup_of, blobs):
    mine = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    own = copied(setup_of(blobs, lambda: mine)).problem
    first, second = own.model(), own.model()
    assert tensors(first).isdisjoint(tensors(mine))
    assert tensors(first).isdisjoint(tensors(second))
    assert all(map(torch.equal, first.state_dict().values(), mine.state_dict().values()))


def test_a_shared_part_is_enough(setup_of, blobs):
    body = nn.Linear(4, 3)
    own = copied(setup_of(blobs, lambda: nn.Sequential(body, nn.Linear(3, 3)))).problem
    assert tensors(own.model()).isdisjoint(tensors(body))


def test_a_loss_with_a_state_is_copied(setup_of, blobs, mlp):
    loss = nn.CrossEntropyLoss(weight=torch.ones(3))
    own = copied(setup_of(blobs, mlp(4, 3), loss)).problem.loss
    assert own.weight.data_ptr() != loss.weight.data_ptr()


def test_a_factory_that_fails_or_makes_no_model(setup_of, blobs):
    def broken() -> nn.Module:
        raise FileNotFoundError("weights.pt")

    with pytest.raises(ModelError, match=r"(?s)case failed.*weights\.pt"):
        copied(setup_of(blobs, broken))
    with pytest.raises(InputTypeError, match="no model"):
        copied(setup_of(blobs, lambda: torch.ones(3)))
