"""Watcher: hears every watched update of a loop and says when it has seen enough of a fault."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from thalweg.core.finding import Finding
from thalweg.watch.update import Update


class Watcher(ABC):
    """Looks for one kind of fault; one is made for every loop that is watched. Its docstring says what it does.

    Attributes:
        faults: What it may find, in the words of `thalweg.check.faults`.
    """

    faults: ClassVar[tuple[str, ...]]

    @abstractmethod
    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield what is wrong, as far as this update shows it; the first finding of a fault at a place counts.

        Args:
            update: A watched update, its step done.
        """

    def underway(self, update: Update) -> Iterator[Finding]:
        """Yield what is wrong with an update whose step may never come; asked at each of its backward passes.

        Args:
            update: What was heard so far.
        """
        yield from ()
