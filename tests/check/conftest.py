"""What the tests of looks share: small real data, plain nets, and what a look says of a set-up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import thalweg.check.experiments  # so that looks are registered
import thalweg.check.looks  # noqa: F401
from thalweg.check.look import Suspicion, looks
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Passed, Severity
from thalweg.data import cancer, digits, holdout
from thalweg.data.embedded import diabetes, wine
from thalweg.problems import Problem

Pair = tuple[Tensor, Tensor]


class Seen:
    """What one look says of a set-up.

    Attributes:
        suspicions: What it suspects.
        passed: What it found in order.
    """

    def __init__(self, setup: Setup, name: str) -> None:
        seen = list(looks[name].function(Subject(setup)))
        self.setup, self.name = setup, name
        self.suspicions = [one for one in seen if isinstance(one, Suspicion)]
        self.passed = [one for one in seen if isinstance(one, Passed)]
        assert not (self.suspicions and self.passed)
        assert {one.finding.fault for one in self.suspicions} <= set(looks[name].faults)

    @property
    def faults(self) -> list[str]:
        """The names of what is suspected, of severity warning or above."""
        return [one.finding.fault for one in self.suspicions if one.finding.severity is not Severity.NOTE]

    @property
    def notes(self) -> list[str]:
        """The names of what is only worth knowing."""
        return [one.finding.fault for one in self.suspicions if one.finding.severity is Severity.NOTE]

    def mended(self) -> Seen:
        """Return what the same look says once the first suspicion's change is made."""
        change = self.suspicions[0].change
        assert change is not None
        assert change.words
        return Seen(change.apply(self.setup), self.name)


@pytest.fixture(scope="session")
def see() -> Callable[[Setup, str], Seen]:
    return Seen


def _tensors(labelled: Any) -> Pair:
    return torch.from_numpy(labelled.x).float().flatten(1), torch.from_numpy(labelled.y)


@pytest.fixture(scope="session")
def raw_digits() -> Pair:
    """Digits, 1797 images of 64 numbers from 0 to 16, and their classes."""
    return _tensors(digits())


@pytest.fixture(scope="session")
def small_digits(raw_digits: Pair) -> Pair:
    """Digits, standardized by one mean and one spread."""
    x, y = raw_digits
    return (x - x.mean()) / x.std(), y


@pytest.fixture(scope="session")
def raw_wine() -> Pair:
    """Wine, 178 samples of 13 measures in their own units, and their classes."""
    return _tensors(wine())


@pytest.fixture(scope="session")
def raw_cancer() -> Pair:
    """Tumours, 569 samples of 30 measures in their own units, and whether they are benign."""
    return _tensors(cancer())


@pytest.fixture(scope="session")
def raw_diabetes() -> Pair:
    """Diabetes, 442 samples of 10 standardized measures, and a target from 25 to 346, shape (n, 1)."""
    x, y = (torch.as_tensor(part).float() for part in diabetes())
    return (x - x.mean(0)) / x.std(0), y.reshape(-1, 1)


@pytest.fixture(scope="session")
def mlp() -> Callable[..., Callable[[], nn.Module]]:
    """Make the factory of a plain net, by its widths."""

    def factory(
        *widths: int, activation: Callable[[], nn.Module] = nn.ReLU, end: Callable[[], nn.Module] | None = None
    ) -> Callable[[], nn.Module]:
        def make() -> nn.Module:
            layers: list[nn.Module] = []
            for inputs, outputs in pairwise(widths):
                layers += [nn.Linear(inputs, outputs), activation()]
            return nn.Sequential(*layers[:-1], *([] if end is None else [end()]))

        return make

    return factory


@pytest.fixture(scope="session")
def setup_of() -> Callable[..., Setup]:
    """Make a set-up: cross-entropy and Adam where nothing else is said."""

    def make(
        data: Pair,
        model: Callable[[], nn.Module],
        loss: Any = None,
        optimizer: Any = "adam",
        *,
        shuffle: bool = True,
        epochs: int | None = None,
        train_step: Any = None,
        **problem: Any,
    ) -> Setup:
        given = Problem(name="case", model=model, loss=loss or nn.CrossEntropyLoss(), train=data, **problem)
        return Setup.of(given, optimizer, shuffle=shuffle, epochs=epochs, train_step=train_step)

    return make


@pytest.fixture(scope="session")
def halves() -> Callable[[Pair], tuple[Pair, Pair]]:
    """Split samples into training and validation, by class where there are classes."""

    def split(data: Pair) -> tuple[Pair, Pair]:
        x, y = data
        labels = y if y.ndim == 1 and y.dtype == torch.int64 else None
        kept, held = map(torch.from_numpy, holdout(len(x), 0.25, 0, labels))
        return (x[kept], y[kept]), (x[held], y[held])

    return split
