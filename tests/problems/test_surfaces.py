from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import rosen, rosen_der

from thalweg.optim import SGD
from thalweg.problems.catalog import load
from thalweg.problems.surfaces import STEPS, rosenbrock, surfaces


def test_rosenbrock_and_its_gradient_are_scipys() -> None:
    p = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    heights = rosenbrock(p)
    heights.sum().backward()
    assert p.grad is not None
    points = p.detach().numpy()
    np.testing.assert_allclose(heights.detach().numpy(), rosen(points.T), rtol=1e-12)
    np.testing.assert_allclose(p.grad.numpy(), [rosen_der(point) for point in points], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", list(surfaces))
def test_the_minimum_is_where_it_is_said_to_be(name: str) -> None:
    surface = surfaces[name]
    p = torch.tensor([surface.minimum], dtype=torch.float64, requires_grad=True)
    loss = surface.loss(p, p)
    assert torch.autograd.grad(loss, p)[0].abs().max() < 1e-9
    around = p.detach() + 0.01 * torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    assert (surface.function(around) > loss).all()


def test_a_surface_as_a_problem() -> None:
    problem = load("rosenbrock")
    assert len(problem.train) == STEPS
    heights = [problem.evaluate(problem.model(), split)["loss"] for split in problem.splits.values()]
    assert heights == pytest.approx([24.2] * 3)
    assert problem.objective_metric.higher_is_better is False


def test_descent_reaches_the_target() -> None:
    problem = load("rosenbrock")
    model = problem.model()
    optimizer = SGD(model.parameters(), lr=1e-3, momentum=0.9)
    x, y = problem.train.take(torch.tensor([0]))
    for _ in range(STEPS * problem.epochs):
        optimizer.zero_grad()
        problem.loss(model(x), y).backward()
        optimizer.step()
    assert problem.target is not None
    assert problem.evaluate(model, problem.valid)["loss"] < problem.target
