from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from thalweg.data.batches import InMemory
from thalweg.problems.catalog import load
from thalweg.problems.problem import Problem
from thalweg.problems.quadratic import HalfQuadratic, matrix


@pytest.fixture(scope="module")
def problem() -> Problem:
    return load("quadratic/deep")


def test_the_test_loss_at_the_start_is_deepobs(problem: Problem) -> None:
    assert problem.test is not None
    assert problem.evaluate(problem.model(), problem.test)["loss"] == pytest.approx(353.4468, abs=1e-4)


def test_the_matrix_is_rotated_from_its_eigenvalues() -> None:
    rng = np.random.RandomState(42)
    drawn = [*rng.uniform(0, 1, 90), *rng.uniform(30, 60, 10)]
    q = matrix()
    np.testing.assert_allclose(q, q.T, atol=1e-13)
    np.testing.assert_allclose(np.linalg.eigvalsh(q), sorted(drawn), rtol=1e-9)
    assert abs(q - np.diag(np.diag(q))).max() > 1


def test_seven_steps_an_epoch_on_streams_of_their_own(problem: Problem) -> None:
    assert len(problem.train) == 7 * problem.batch_size
    targets = [split.y for split in problem.splits.values() if isinstance(split, InMemory)]
    for y in targets:
        assert y.std().item() == pytest.approx(0.6, abs=0.01)
    assert len({y[0, 0].item() for y in targets}) == 3


def test_the_loss_is_half_the_form_and_its_gradient_exact(problem: Problem) -> None:
    torch.manual_seed(0)
    d = torch.randn(5, 100, dtype=torch.float64, requires_grad=True)
    zero = torch.zeros_like(d)
    form = np.einsum("bi,ij,bj->b", d.detach().numpy(), matrix(), d.detach().numpy())
    assert problem.loss(d, zero).item() == pytest.approx(form.mean() / 2, rel=1e-12)
    problem.loss(d, zero).backward()
    assert d.grad is not None
    np.testing.assert_allclose(d.grad.numpy(), d.detach().numpy() @ matrix() / 5, rtol=1e-9, atol=1e-12)


def test_the_least_loss_is_at_the_mean_of_the_targets(problem: Problem) -> None:
    model, split = problem.model(), problem.valid
    assert isinstance(split, InMemory)
    assert problem.target is not None
    with torch.no_grad():
        model.get_parameter("theta").copy_(split.y.mean(0))
        least = problem.evaluate(model, split)["loss"]
        model.get_parameter("theta").add_(0.01)
    assert 80 < least < problem.target
    assert problem.evaluate(model, split)["loss"] > least


def test_the_loss_copies_and_has_no_parameters() -> None:
    loss = copy.deepcopy(HalfQuadratic(np.eye(2)))
    assert loss(torch.ones(1, 2), torch.zeros(1, 2)).item() == 1
    assert loss.state_dict() == {}
