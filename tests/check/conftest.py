"""What the tests of looks share: small real data, plain nets, and what a look says of a set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import thalweg.check.experiments  # so that looks are registered
import thalweg.check.looks  # noqa: F401
from thalweg.check.diagnosis import Diagnosis
from thalweg.check.look import Change, Look, Suspicion, looks
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.trace import Trace
from thalweg.core.config import Config
from thalweg.core.finding import Finding, Passed, Severity
from thalweg.core.picture import Picture
from thalweg.data import cancer, digits, holdout
from thalweg.data.embedded import diabetes, wine
from thalweg.execute.environment import describe
from thalweg.problems import Problem

Pair = tuple[Tensor, Tensor]


def suspected(
    fault: str = "lr_too_low",
    severity: Severity = Severity.WARNING,
    weight: float = 0.5,
    explains: Sequence[str] = (),
    change: Callable[[Setup], Setup] | None = None,
    where: str = "fc1",
) -> Suspicion:
    finding = Finding(
        fault=fault,
        severity=severity,
        where=where,
        evidence=f"seen in {where}",
        remedy="mend it",
        numbers={"a": 1.5},
    )
    made = None if change is None else Change(words=f"{fault} mended", apply=change)
    return Suspicion(finding=finding, weight=weight, change=made, explains=tuple(explains))


def asking(
    name: str, *answers: Suspicion | Passed | BaseException | Callable[[Subject], Any], trains: bool = False
) -> Look:
    """Return a look that nobody else knows: it gives its answers in order, raises those that are errors."""

    def function(subject: Subject) -> Iterator[Suspicion | Passed]:
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            said = answer(subject) if callable(answer) else answer
            if said is not None:
                yield said

    return Look(name=name, question=f"What of {name}?", faults=(), trains=trains, function=function)


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
    def pictures(self) -> list[Picture]:
        """What shows it."""
        return [picture for one in self.suspicions for picture in one.finding.pictures]

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
def suspect() -> Callable[..., Suspicion]:
    """Make a suspicion of any fault."""
    return suspected


@pytest.fixture(scope="session")
def ask() -> Callable[..., Look]:
    """Make a look from its name and its answers."""
    return asking


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the looks that are given be all there are."""

    def put(*given: Look) -> None:
        monkeypatch.setattr("thalweg.check.inquiry.all_looks", lambda: list(given))

    return put


@pytest.fixture(scope="session")
def diagnosed() -> Callable[..., Diagnosis]:
    """Make a diagnosis of some faults, each given as (fault, severity), with something passed and unchecked."""

    def make(*given: tuple[str, Severity], trace: Trace | None = None) -> Diagnosis:
        return Diagnosis(
            problem="case",
            config=Config(hyper={"lr": 0.1}),
            findings=tuple(suspected(*one).finding for one in given),
            passed=(Passed(name="finite", evidence="all 480 numbers are finite"),),
            unchecked=("Is it fast? Not asked: the budget left no time.",),
            trace=trace,
            budget=60.0,
            seconds=1.5,
            environment=describe("thalweg check case", datetime(2025, 1, 2, tzinfo=UTC), "one thread", 1),
        )

    return make


@pytest.fixture(scope="session")
def blobs() -> Pair:
    """Three overlapping blobs in four dimensions, 120 samples."""
    y = torch.arange(120) % 3
    return torch.randn(120, 4, generator=torch.Generator().manual_seed(0)) + 2 * torch.eye(3, 4)[y], y


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
