"""Measure: what a check finds over the corpus, counted: recall, precision, false alarms, remedies, time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tests.faults.case import Case, Faulty
from thalweg.check.setup import Setup
from thalweg.core.finding import Finding, Severity

Check = Callable[..., Any]
"""`thalweg.check`, or what has its signature."""

BUDGET = "20s"
"""Of one examination: a corpus is many."""

NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the check said of one set-up.

    Attributes:
        case: Whose set-up it is.
        twin: Whether it is the repaired twin of a faulty one.
        findings: Warnings and errors, in the order they were given; notes ask nothing of anybody.
        seconds: How long it took.
        error: What ended the check itself, one line; empty if nothing did.
    """

    case: Case
    twin: bool = False
    findings: tuple[Finding, ...]
    seconds: float
    error: str = ""

    @property
    def accepted(self) -> tuple[str, ...]:
        """The names of a right finding: none for a healthy set-up."""
        return self.case.accepted if isinstance(self.case, Faulty) and not self.twin else ()

    @property
    def right(self) -> tuple[Finding, ...]:
        """The findings that name the fault."""
        return tuple(finding for finding in self.findings if finding.fault in self.accepted)

    def found(self, among: int) -> bool:
        """Tell whether the fault is named by one of the first findings."""
        return any(finding.fault in self.accepted for finding in self.findings[:among])


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What many outcomes come to; NaN where there is nothing to count.

    Attributes:
        faulty: Faulty set-ups.
        healthy: Healthy ones; twins count as such.
        recall_3: The share of faulty set-ups whose fault is among the first three findings.
        recall_1: The share whose fault is the first finding.
        precision: The share of all findings on faulty set-ups that are right.
        false_alarms: Findings on healthy set-ups, per set-up.
        helped: The share of right findings whose remedy was tried and helped.
        helped_of_tried: The same of those whose remedy was tried.
        seconds: Mean time of a set-up.
        slowest: The longest.
    """

    faulty: int
    healthy: int
    recall_3: float
    recall_1: float
    precision: float
    false_alarms: float
    helped: float
    helped_of_tried: float
    seconds: float
    slowest: float


def examine(check: Check, case: Case, *, twin: bool = False, budget: str = BUDGET) -> Outcome:
    """Have `check` look at the set-up of a case, or at the repaired twin of a faulty one."""
    setup = case.set_ups()[twin]
    started = time.perf_counter()
    findings: tuple[Finding, ...] = ()
    error = ""
    try:
        findings = tuple(_asked(check, setup, budget).findings)
    except Exception as fault:  # of the check itself: the case is missed, the others go on
        error = f"{type(fault).__name__}: {fault}".splitlines()[0]
    loud = tuple(finding for finding in findings if finding.severity is not Severity.NOTE)
    return Outcome(case=case, twin=twin, findings=loud, seconds=time.perf_counter() - started, error=error)


def examined(
    check: Check, cases: Iterable[Case], *, twins: bool = False, budget: str = BUDGET
) -> Iterator[Outcome]:
    """Yield the outcome of every case; with `twins`, of the repaired twins in place of the faulty set-ups."""
    for case in cases:
        if isinstance(case, Faulty) or not twins:
            yield examine(check, case, twin=twins, budget=budget)


def scores(outcomes: Sequence[Outcome]) -> Scores:
    """Count."""
    faulty = [outcome for outcome in outcomes if outcome.accepted]
    healthy = [outcome for outcome in outcomes if not outcome.accepted]
    right = [finding for outcome in faulty for finding in outcome.right]
    tried = [finding.proof.helped for finding in right if finding.proof]
    return Scores(
        faulty=len(faulty),
        healthy=len(healthy),
        recall_3=_mean(outcome.found(3) for outcome in faulty),
        recall_1=_mean(outcome.found(1) for outcome in faulty),
        precision=_mean(finding.fault in outcome.accepted for outcome in faulty for finding in outcome.findings),
        false_alarms=_mean(len(outcome.findings) for outcome in healthy),
        helped=_mean(finding.proof is not None and finding.proof.helped for finding in right),
        helped_of_tried=_mean(tried),
        seconds=_mean(outcome.seconds for outcome in outcomes),
        slowest=max((outcome.seconds for outcome in outcomes), default=float("nan")),
    )


def confusion(outcomes: Iterable[Outcome]) -> dict[str, Counter[str]]:
    """Return, for every class, how often each fault was found first; a name that is as right counts as the class.

    Healthy set-ups and twins are the class ``"nothing"``.
    """
    table: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        fault = outcome.case.fault if isinstance(outcome.case, Faulty) and not outcome.twin else NOTHING
        first = outcome.findings[0].fault if outcome.findings else NOTHING
        table.setdefault(fault, Counter())[fault if first in outcome.accepted else first] += 1
    return table


def _asked(check: Check, setup: Setup, budget: str) -> Any:
    return check(
        setup.problem,
        optimizer=setup.factory or setup.config,
        train_step=setup.train_step,
        shuffle=setup.shuffle,
        epochs=setup.epochs,
        budget=budget,
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else float("nan")
