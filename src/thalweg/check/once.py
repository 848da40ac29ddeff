"""Once: a measurement of a subject is made when first asked for, however many looks ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from thalweg.check.subject import Subject

T = TypeVar("T")


def once(measure: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """Make a measurement once a subject, and keep it as long as the subject."""
    made: WeakKeyDictionary[Subject, T] = WeakKeyDictionary()

    @wraps(measure)
    def kept(subject: Subject) -> T:
        if subject not in made:
            made[subject] = measure(subject)
        return made[subject]

    return kept
