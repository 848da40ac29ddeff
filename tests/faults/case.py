"""Case: a set-up with a known fault beside its repaired twin, or a healthy one that only looks faulty."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

from thalweg.check.setup import Setup
from thalweg.core.registry import Registry

Half = Literal["tuning", "held out"]
HALVES: tuple[Half, ...] = ("tuning", "held out")
"""Thresholds are tuned on the first; what is reported comes from the second."""

DATA = (
    *("digits", "mnist", "fashion-mnist", "cifar10-subset", "wine", "cancer", "diabetes"),
    *("regression", "sms-spam", "rt-polarity", "review-polarity", "tinyshakespeare"),
)
"""What cases may be made of: the folders of `thalweg.data.sources`, and what comes with scikit-learn."""


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """What all cases have.

    Attributes:
        name: Its own, that of its function.
        data: The data set it needs, one of `DATA`.
        half: Where it counts.
        why: What is wrong, or why nothing is.
    """

    name: str
    data: str
    half: Half
    why: str

    @abstractmethod
    def set_ups(self) -> tuple[Setup, ...]:
        """Make the set-up, and behind it the repaired twin of a faulty one."""


@final
@dataclass(frozen=True, kw_only=True)
class Faulty(Case):
    """A set-up with a fault.

    Attributes:
        fault: Its class, a name of the vocabulary.
        also: Names that are as right: the cause of the fault, or another view of the same mistake.
        make: Gives the faulty set-up and its repaired twin. Where validation of the faulty one cannot be trusted,
            the twin has a test split, by which both are judged.
    """

    fault: str
    also: tuple[str, ...]
    make: Callable[[], tuple[Setup, Setup]]

    @property
    def accepted(self) -> tuple[str, ...]:
        """The names of a right finding."""
        return (self.fault, *self.also)

    def set_ups(self) -> tuple[Setup, ...]:
        """Make the faulty set-up and its twin."""
        return self.make()


@final
@dataclass(frozen=True, kw_only=True)
class Healthy(Case):
    """A set-up without a fault, which a naive tool would flag.

    Attributes:
        look_alike_of: The fault that it resembles.
        reaches: What its objective on validation comes to, or better, when it is trained.
        make: Gives the set-up.
    """

    look_alike_of: str
    reaches: float
    make: Callable[[], Setup]

    def set_ups(self) -> tuple[Setup, ...]:
        """Make the set-up."""
        return (self.make(),)


cases: Registry[Case] = Registry("case")
"""All cases whose modules are imported; `corpus` imports them all."""

MakePair = Callable[[], tuple[Setup, Setup]]
MakeOne = Callable[[], Setup]


def faulty(fault: str, *, data: str, half: Half, also: tuple[str, ...] = ()) -> Callable[[MakePair], MakePair]:
    """Register a function that gives (faulty set-up, repaired twin)."""

    def register(make: MakePair) -> MakePair:
        name, why = _told(make)
        cases.add(name, Faulty(name=name, data=data, half=half, why=why, fault=fault, also=also, make=make))
        return make

    return register


def healthy(*, look_alike_of: str, data: str, half: Half, reaches: float) -> Callable[[MakeOne], MakeOne]:
    """Register a function that gives a healthy set-up."""

    def register(make: MakeOne) -> MakeOne:
        name, why = _told(make)
        case = Healthy(
            name=name, data=data, half=half, why=why, look_alike_of=look_alike_of, reaches=reaches, make=make
        )
        cases.add(name, case)
        return make

    return register


def _told(make: Callable[[], object]) -> tuple[str, str]:
    assert make.__doc__, f"the case {make.__name__} does not say why"
    return make.__name__, " ".join(make.__doc__.split())
