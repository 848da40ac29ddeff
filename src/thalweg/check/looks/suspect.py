"""Suspect: a suspicion and its finding in one go."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.check.look import Change, Suspicion
from thalweg.check.setup import Setup
from thalweg.core.finding import Finding, Numbers, Severity
from thalweg.core.picture import Picture


def suspect(
    fault: str,
    severity: Severity,
    where: str,
    evidence: str,
    remedy: str,
    *,
    weight: float,
    numbers: Numbers | None = None,
    change: tuple[str, Callable[[Setup], Setup]] | None = None,
    explains: tuple[str, ...] = (),
    pictures: tuple[Picture, ...] = (),
) -> Suspicion:
    """Return the suspicion of a fault.

    Args:
        fault: Its name in the vocabulary.
        severity: How bad it is.
        where: What has it.
        evidence: What was measured, in one sentence with its numbers.
        remedy: What to do, in one sentence.
        weight: How sure the look is, in [0, 1].
        numbers: Those of the evidence, by name.
        change: Words and function of the `Change` that would mend it; ``None`` if only the user can.
        explains: Faults that this one may cause.
        pictures: What shows it.

    Example:
        >>> suspect("nan_in_data", Severity.ERROR, "inputs", "3 are NaN", "drop them", weight=1).finding.where
        'inputs'
    """
    return Suspicion(
        finding=Finding(
            fault=fault,
            severity=severity,
            where=where,
            evidence=evidence,
            remedy=remedy,
            numbers=numbers or {},
            pictures=pictures,
        ),
        weight=weight,
        change=None if change is None else Change(words=change[0], apply=change[1]),
        explains=explains,
    )
