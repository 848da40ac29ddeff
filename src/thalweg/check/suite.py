"""Suite: asks the looks, those that cost nothing first, as long as there is time; none can lose the others."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module

from thalweg.check.budget import OutOfTime, left, within
from thalweg.check.causes import SYMPTOMS
from thalweg.check.look import Look, Suspicion, looks
from thalweg.check.obstacle import obstacle
from thalweg.check.subject import Subject
from thalweg.core.errors import ThalwegError, one_line
from thalweg.core.finding import Passed, Severity

PACKAGES = ("thalweg.check.looks", "thalweg.check.experiments")
"""Whose modules register the looks."""

Heard = Callable[[str], None]
"""Hears what is being done, in a few words."""

CANNOT_RUN = "cannot run"
"""The name under which stands what keeps a set-up from being trained at all: no look, it comes before them."""


@dataclass(frozen=True)
class Examination:
    """What the looks saw.

    Attributes:
        suspicions: In the order in which the looks were asked, each with the name of its look.
        passed: Looks that found nothing wrong.
        unchecked: What was not asked or not answered, and why, one sentence each.
        asked: The names of the looks that came to their end.
        enough: When no more are asked, if anything is suspected.
    """

    suspicions: list[tuple[str, Suspicion]] = field(default_factory=list[tuple[str, Suspicion]])
    passed: list[Passed] = field(default_factory=list[Passed])
    unchecked: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])
    enough: float = math.inf

    @property
    def is_enough(self) -> bool:
        """Whether the time has come to see to what is suspected; of symptoms the causes are asked for first."""
        loud = (seen.finding for _, seen in self.suspicions if seen.finding.severity is not Severity.NOTE)
        return any(one.fault not in SYMPTOMS for one in loud) and time.perf_counter() > self.enough


def all_looks() -> list[Look]:
    """Return every look: static ones first, each kind in the order of its package."""
    for package in PACKAGES:
        import_module(package)
    return sorted((looks[name] for name in looks), key=lambda look: look.trains)


def examine(
    subject: Subject, asked: Sequence[Look], *, seconds: float, enough: float = math.inf, heard: Heard
) -> Examination:
    """Ask looks about a subject.

    What keeps the set-up from being trained at all is a suspicion of its own, named `CANNOT_RUN`; looks that train
    are then not asked.

    Args:
        subject: What is examined.
        asked: The looks, static ones first.
        seconds: The time that they may take together.
        enough: The time after which no more are asked, if anything is suspected: it is to be mended too.
        heard: Hears every question before it is asked.

    Raises:
        ThalwegError: The set-up cannot be used, and no error was found that may be why; see
            `thalweg.check.obstacle.obstacle`.
    """
    found = Examination(enough=time.perf_counter() + enough)
    with within(seconds):
        static, training = ([look for look in asked if look.trains is trains] for trains in (False, True))
        _ask(subject, static, found, heard)
        if training:
            if _can_train(subject, found, heard):
                _ask(subject, training, found, heard)
            else:
                found.unchecked.extend(f"{look.question} Not asked: the set-up cannot run." for look in training)
    return found


def _can_train(subject: Subject, found: Examination, heard: Heard) -> bool:
    heard("Can it be trained at all?")
    try:
        hindrance = obstacle(subject)
    except OutOfTime:
        return True  # it can; nobody has time to
    except ThalwegError as error:
        if all(suspicion.finding.severity is not Severity.ERROR for _, suspicion in found.suspicions):
            raise
        found.unchecked.append(f"Can it be trained at all? No answer: {one_line(error).removesuffix('.')}.")
        return False
    if hindrance:
        found.suspicions.append((CANNOT_RUN, hindrance))
    return hindrance is None


def _ask(subject: Subject, asked: Iterable[Look], found: Examination, heard: Heard) -> None:
    late: list[Look] = []
    for look in asked:
        if left() <= 0 or found.is_enough:
            late.append(look)
            continue
        heard(look.question)
        try:
            for seen in look.function(subject):
                if isinstance(seen, Suspicion):
                    found.suspicions.append((look.name, seen))
                else:
                    found.passed.append(seen)
            found.asked.append(look.name)
        except OutOfTime:
            late.append(look)
        except Exception as error:  # of the user's own code, in a case that the look did not foresee
            found.unchecked.append(f"{look.question} No answer: {one_line(error).removesuffix('.')}.")
    found.unchecked.extend(f"{look.question} Not asked: the budget left no time." for look in late)
