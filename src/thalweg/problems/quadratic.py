"""DeepOBS's noisy quadratic: 90 flat directions, 10 steep ones, rotated at random."""

from __future__ import annotations

from pathlib import Path
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from thalweg.problems.problem import Problem
from thalweg.problems.row import Row

_DIM = 100
_SAMPLES = 896  # of 1000 drawn: 7 whole batches of 128
_NOISE = 0.6
_SEED = 42


def quadratic(row: Row, root: Path | str | None) -> Problem:
    """Build the problem of a row that is the quadratic; it is drawn, not read, so `root` is not used.

    The model is a point theta, whatever its input; the targets x are normal around 0 with standard deviation
    0.6, and the loss is the mean of ``(theta - x)' Q (theta - x) / 2``. Training and test are DeepOBS's, the
    first 896 samples of each: DeepOBS drops 104 others of its 1000 training samples in every epoch. Validation,
    which DeepOBS lacks, is drawn in the same way with the next seed.

    Reference:
        F. Schneider, L. Balles, P. Hennig, "DeepOBS: A Deep Learning Optimizer Benchmark Suite", 2019.
    """
    train, test, valid = (_samples(_SEED + k) for k in range(3))
    return Problem(loss=HalfQuadratic(matrix()), train=train, valid=valid, test=test, **row.settings())


@final
class HalfQuadratic(nn.Module):
    """The mean over a batch of ``d' Q d / 2``, where d is output - target.

    Args:
        q: A symmetric matrix, shape ``(n, n)``.

    Example:
        >>> HalfQuadratic(np.diag([1.0, 4.0]))(torch.ones(3, 2), torch.zeros(3, 2))
        tensor(2.5000)
    """

    q: Tensor

    def __init__(self, q: NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("q", torch.from_numpy(q), persistent=False)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of `output` and `target`, shapes ``(b, n)``, in their precision."""
        d = output - target
        return ((d @ self.q.to(d)) * d).sum(1).mean() / 2


def matrix() -> NDArray[np.float64]:
    """Return Q, shape ``(100, 100)``: 90 eigenvalues uniform in (0, 1), 10 in (30, 60), rotated at random.

    Example:
        >>> np.linalg.eigvalsh(matrix())[[0, 89, 90, 99]].round(2).tolist()
        [0.01, 0.99, 30.76, 53.13]
    """
    rng = np.random.RandomState(_SEED)
    eigenvalues = np.concatenate([rng.uniform(0, 1, _DIM - 10), rng.uniform(30, 60, 10)])
    r = _rotation(rng)
    return r.T @ (eigenvalues[:, None] * r)


def _rotation(rng: np.random.RandomState) -> NDArray[np.float64]:
    """A random rotation: one of two dimensions, enlarged by a random reflection for each that follows.

    Reference:
        P. Diaconis, M. Shahshahani, "The Subgroup Algorithm for Generating Uniform Random Variables", 1987.
    """
    a = 2 * np.pi * rng.uniform()
    r = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    for d in range(2, _DIM):
        v = rng.standard_normal(d + 1)
        x = np.eye(d + 1)[0] - v / np.linalg.norm(v)
        x /= np.linalg.norm(x)
        larger = np.eye(d + 1)
        larger[1:, 1:] = r
        r = larger - 2 * np.outer(x, x @ larger)
    return -r


def _samples(seed: int) -> tuple[Tensor, Tensor]:
    drawn = np.random.RandomState(seed).normal(0, _NOISE, (1000, _DIM))
    x = torch.from_numpy(drawn[:_SAMPLES]).float()
    return torch.zeros(len(x), 1), x
