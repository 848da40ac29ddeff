"""The book's algorithms, literally: the gradient is evaluated where the book evaluates it.

Each takes a start, the gradient as a function of a point and the step k = 1, 2, ..., the rates (eps, alpha) as a
function of k, and yields theta after every step. Nothing here comes from thalweg.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import numpy.typing as npt
import pytest

Vector = npt.NDArray[np.float64]
Gradient = Callable[[Vector, int], Vector]
Rates = Callable[[int], tuple[float, float]]
Algorithm = Callable[..., Iterator[Vector]]


def sgd(theta: Vector, gradient: Gradient, rates: Rates) -> Iterator[Vector]:
    """Algorithm 8.1."""
    for k in count(1):
        eps, _ = rates(k)
        g = gradient(theta, k)
        theta = theta - eps * g
        yield theta


def momentum(theta: Vector, gradient: Gradient, rates: Rates) -> Iterator[Vector]:
    """Algorithm 8.2."""
    v = np.zeros_like(theta)
    for k in count(1):
        eps, alpha = rates(k)
        g = gradient(theta, k)
        v = alpha * v - eps * g
        theta = theta + v
        yield theta


def nesterov(theta: Vector, gradient: Gradient, rates: Rates) -> Iterator[Vector]:
    """Algorithm 8.3."""
    v = np.zeros_like(theta)
    for k in count(1):
        eps, alpha = rates(k)
        interim = theta + alpha * v
        g = gradient(interim, k)
        v = alpha * v - eps * g
        theta = theta + v
        yield theta


def adagrad(theta: Vector, gradient: Gradient, rates: Rates, delta: float = 1e-7) -> Iterator[Vector]:
    """Algorithm 8.4."""
    r = np.zeros_like(theta)
    for k in count(1):
        eps, _ = rates(k)
        g = gradient(theta, k)
        r = r + g * g
        step = -eps / (delta + np.sqrt(r)) * g
        theta = theta + step
        yield theta


def rmsprop(theta: Vector, gradient: Gradient, rates: Rates, rho: float, delta: float = 1e-6) -> Iterator[Vector]:
    """Algorithm 8.5."""
    r = np.zeros_like(theta)
    for k in count(1):
        eps, _ = rates(k)
        g = gradient(theta, k)
        r = rho * r + (1 - rho) * g * g
        step = -eps / np.sqrt(delta + r) * g
        theta = theta + step
        yield theta


def rmsprop_nesterov(
    theta: Vector, gradient: Gradient, rates: Rates, rho: float, delta: float = 0.0
) -> Iterator[Vector]:
    """Algorithm 8.6; the book's has no delta."""
    v, r = np.zeros_like(theta), np.zeros_like(theta)
    for k in count(1):
        eps, alpha = rates(k)
        interim = theta + alpha * v
        g = gradient(interim, k)
        r = rho * r + (1 - rho) * g * g
        v = alpha * v - eps / np.sqrt(delta + r) * g
        theta = theta + v
        yield theta


def adam(
    theta: Vector, gradient: Gradient, rates: Rates, rho1: float, rho2: float, delta: float = 1e-8
) -> Iterator[Vector]:
    """Algorithm 8.7."""
    s, r, t = np.zeros_like(theta), np.zeros_like(theta), 0
    for k in count(1):
        eps, _ = rates(k)
        g = gradient(theta, k)
        t = t + 1
        s = rho1 * s + (1 - rho1) * g
        r = rho2 * r + (1 - rho2) * g * g
        s_hat = s / (1 - rho1**t)
        r_hat = r / (1 - rho2**t)
        step = -eps * s_hat / (np.sqrt(r_hat) + delta)
        theta = theta + step
        yield theta


def adadelta(x: Vector, gradient: Gradient, rates: Rates, rho: float, eps: float) -> Iterator[Vector]:
    """Zeiler 2012, Algorithm 1; the rate is a factor on the step, which the paper has not."""
    squares, steps = np.zeros_like(x), np.zeros_like(x)
    for t in count(1):
        factor, _ = rates(t)
        g = gradient(x, t)
        squares = rho * squares + (1 - rho) * g**2
        step = -np.sqrt(steps + eps) / np.sqrt(squares + eps) * g
        steps = rho * steps + (1 - rho) * step**2
        x = x + factor * step
        yield x


@pytest.fixture
def book() -> dict[str, Algorithm]:
    """The algorithms by the registry's names."""
    literal = (sgd, momentum, nesterov, adagrad, rmsprop, rmsprop_nesterov, adam, adadelta)
    return {algorithm.__name__.replace("_", "-"): algorithm for algorithm in literal}
