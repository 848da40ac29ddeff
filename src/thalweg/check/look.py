"""Look: one question about a set-up, what it may find, and the change that would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thalweg.check.setup import Setup
from thalweg.core.finding import Finding, Passed
from thalweg.core.registry import Registry

if TYPE_CHECKING:
    from thalweg.check.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Change:
    """What mends a fault, so that it can be tried.

    Attributes:
        words: What is changed, such as ``"lr=0.001 in place of 10"``.
        apply: From a set-up to the mended one.
    """

    words: str
    apply: Callable[[Setup], Setup]


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """A finding before its remedy was tried.

    Attributes:
        finding: What was found.
        weight: How sure the look is, in [0, 1]: where the evidence is a proof (a NaN in the data, a parameter that
            never gets a gradient) 1; where healthy set-ups show the same at times, less.
        change: What would mend it; ``None`` if only the user can.
        explains: Faults that this one may cause: findings of theirs are folded under it.
    """

    finding: Finding
    weight: float = 0.5
    change: Change | None = None
    explains: tuple[str, ...] = ()


Seen = Suspicion | Passed


@dataclass(frozen=True, kw_only=True)
class Look:
    """A question about a set-up.

    Attributes:
        name: Such as ``"gradients"``.
        question: Such as ``"Are the gradients right?"``
        faults: What it may find, by name.
        trains: Whether it trains: static looks come first and cost little.
        function: From the subject to what is seen.
    """

    name: str
    question: str
    faults: tuple[str, ...]
    trains: bool
    function: Callable[[Subject], Iterator[Seen]]


looks: Registry[Look] = Registry("look")
"""All looks, in the order they are asked."""


def look(
    question: str, *faults: str, trains: bool
) -> Callable[[Callable[[Subject], Iterator[Seen]]], Callable[[Subject], Iterator[Seen]]]:
    """Register a generator function as the look of its own name.

    Args:
        question: What it asks.
        faults: What it may find.
        trains: Whether it trains.
    """

    def register(function: Callable[[Subject], Iterator[Seen]]) -> Callable[[Subject], Iterator[Seen]]:
        name = function.__name__.replace("_", " ")
        looks.add(name, Look(name=name, question=question, faults=faults, trains=trains, function=function))
        return function

    return register
