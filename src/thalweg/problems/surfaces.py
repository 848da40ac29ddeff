"""Surfaces: functions of two variables with a known minimum, descended without data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from thalweg.core.registry import Registry
from thalweg.problems.problem import Problem
from thalweg.problems.row import Row

STEPS = 100
"""Steps that one epoch on a surface takes."""


@dataclass(frozen=True)
class Surface:
    """A function of points of the plane.

    Attributes:
        function: From points, shape ``(..., 2)``, to heights, shape ``(...)``.
        minimum: Where it is least.
        reference: Who described it.
    """

    function: Callable[[Tensor], Tensor]
    minimum: tuple[float, float]
    reference: str

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the height at the points in `output`, on average; there is no target to meet."""
        return self.function(output).mean()


def rosenbrock(p: Tensor) -> Tensor:
    """Return ``(1 - x)^2 + 100 (y - x^2)^2``: a valley, curved and flat along its floor, steep across.

    Args:
        p: Points (x, y), shape ``(..., 2)``.

    Example:
        >>> rosenbrock(torch.tensor([[-1.2, 1.0], [1.0, 1.0]]))
        tensor([24.2000,  0.0000])

    Reference:
        H. H. Rosenbrock, "An Automatic Method for Finding the Greatest or Least Value of a Function", 1960.
    """
    x, y = p.unbind(-1)
    return (1 - x).square() + 100 * (y - x.square()).square()


surfaces = Registry[Surface]("surface")
surfaces.add("rosenbrock", Surface(rosenbrock, (1.0, 1.0), "Rosenbrock 1960"))


def descend(row: Row, root: Path | str | None) -> Problem:
    """Build the problem of a row that is a surface; it needs no data, so `root` is not used.

    All samples are one and the same zero, and the model does not look at it: training has `STEPS` of them, so
    that an epoch is as many steps with batches of one, validation and test have one each. Both measure the
    surface itself, on which there is nothing to generalize.
    """
    blank = torch.zeros(STEPS, 1)
    one = blank[:1], blank[:1]
    return Problem(loss=surfaces[row.data].loss, train=(blank, blank), valid=one, test=one, **row.settings())
