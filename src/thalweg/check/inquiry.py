"""Inquiry: looks, tries the remedies of what it suspects, and looks again at the set-up that a remedy mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from thalweg.check.budget import left, within
from thalweg.check.causes import Cause, folded
from thalweg.check.look import Look, Suspicion
from thalweg.check.remedies import Trials
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.check.suite import CANNOT_RUN, Examination, Heard, all_looks, examine
from thalweg.core.finding import Finding, Passed, Severity

ENOUGH, LOOKS, REMEDIES = 0.6, 0.85, 0.6
"""Shares of the time that is left: the first look at everything ends after the first if anything is suspected,
else after the second; then come remedies, and a second look has the rest."""

ROUNDS = 2
"""Remedies that are put on top of each other."""

SURE = 0.9
"""The weight from which on what comes to light in a mended set-up needs no remedy to be believed."""

REGULARIZING = ("dropout_too_high", "weight_decay_too_strong", "batchnorm_small_batch")
"""Faults whose remedy regularizes less: that a net then overfits is no fault of the set-up as it is."""

STATIC = ("output_size", "output_activation", "token_encoding", "target_range", "wrong_loss")
"""Faults found without running that a set-up cannot run for."""


class Inquiry:
    """An examination under way.

    Args:
        setup: What is examined.
        seed: Of all that is drawn.
        heard: Hears what is being done.

    Attributes:
        subject: The set-up and what was measured of it.
        causes: What is suspected, each with what became of it.
        passed: What was found in order.
        unchecked: What there was no time for, or no answer, one sentence each.
    """

    def __init__(self, setup: Setup, seed: int, heard: Heard) -> None:
        self.subject, self.heard = Subject(setup, seed), heard
        self.causes: list[Cause] = []
        self.passed: tuple[Passed, ...] = ()
        self.unchecked: list[str] = []

    def conduct(self) -> None:
        """Look, try, look again, as long as the time lasts.

        Raises:
            ThalwegError: The set-up cannot be used.
        """
        looks, subject, mended = all_looks(), self.subject, list[Cause]()
        first = examine(subject, looks, seconds=LOOKS * left(), enough=ENOUGH * left(), heard=self.heard)
        self.causes, self.passed = _causes(first), tuple(first.passed)
        self.unchecked += first.unchecked
        while True:
            with within(REMEDIES * left()):
                self._try(Trials(subject.setup, subject.seed))
            best = next((one for one in folded(self.causes) if one.helped and not _among(one, mended)), None)
            if best is None or best.suspicion.change is None or len(mended) == ROUNDS:
                break
            mended.append(best)
            try:
                subject = Subject(best.suspicion.change.apply(subject.setup), subject.seed)
            except Exception:  # it helped the set-up as it was, and does not fit what others made of it
                break
            self._look_again(subject, looks, mended)
        self._say_what_is_open()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is found, most likely first."""
        believed = [one for one in self.causes if not one.late or one.helped or one.suspicion.weight >= SURE]
        return tuple(one.finding for one in folded(believed) if one.severity)

    def _try(self, trials: Trials) -> None:
        """Try the remedies of what nothing else explains, likeliest first; a failed one explains nothing more."""
        while left() > 0:
            untried = next((one for one in folded(self.causes) if _is_open(one)), None)
            if untried is None or untried.suspicion.change is None:
                return
            self.heard(f"Does it help: {untried.suspicion.change.words}?")
            proof = trials.attempt(untried.fault, untried.suspicion.change)
            self._replace(untried, tried=proof is not None or left() > 0, proof=proof or untried.proof)

    def _look_again(self, subject: Subject, looks: list[Look], mended: list[Cause]) -> None:
        """Look at a mended set-up: what vanished was a consequence, what is still there is not, more may show."""
        words = ", ".join(one.suspicion.change.words for one in mended if one.suspicion.change)
        if left() <= 0:
            self.unchecked.append(f"Is anything else wrong with {words}? Not asked: the budget left no time.")
            return
        suspicious = {one.look for one in self.causes}
        again = [one for one in looks if one.trains or one.name in suspicious]
        again.sort(key=lambda one: (one.trains, one.name not in suspicious))
        seen = examine(subject, again, seconds=left(), heard=lambda what: self.heard(f"With {words}: {what}"))
        known = {one.fault for one in self.causes}
        for one in [one for one in self.causes if not _among(one, mended)]:
            still = _still(one, seen)
            if still:
                told = replace(one.suspicion.finding, remedy=still.finding.remedy)
                suspicion = replace(one.suspicion, change=still.change, finding=told)
                self._replace(one, stands=True, tried=False, suspicion=suspicion)
            elif one.look in seen.asked and one.suspicion.weight < 1:
                self._replace(one, under=mended[-1].fault)
        lighter = any(one.fault in REGULARIZING for one in mended)
        for one in _causes(seen):
            if one.fault not in known and _is_loud(one.suspicion) and not (lighter and one.fault == "overfitting"):
                told = replace(one.suspicion.finding, evidence=f"with {words}, {one.suspicion.finding.evidence}")
                self.causes.append(replace(one, suspicion=replace(one.suspicion, finding=told), late=True))

    def _replace(self, cause: Cause, **changes: Any) -> None:
        place = next(k for k, one in enumerate(self.causes) if one.suspicion is cause.suspicion)
        self.causes[place] = replace(self.causes[place], **changes)

    def _say_what_is_open(self) -> None:
        for one in folded(self.causes):
            if _is_open(one):
                told = one.suspicion.finding
                self.unchecked.append(
                    f"Does the remedy of {told.fault} ({told.where}) help? Not tried: the budget left no time."
                )


def _causes(seen: Examination) -> list[Cause]:
    """Return what was seen as causes; what a set-up cannot run for explains that it cannot."""
    found = [Cause(suspicion=suspicion, look=look) for look, suspicion in seen.suspicions]
    static = next((one.fault for one in found if one.look != CANNOT_RUN and _stops(one)), "")
    return [replace(one, under=static) if static and one.look == CANNOT_RUN else one for one in found]


def _still(cause: Cause, seen: Examination) -> Suspicion | None:
    """Return what is seen again of a cause, by its own look if that sees it; a loud one if it still is loud."""
    heard = _is_loud(cause.suspicion)
    again = [(look, one) for look, one in seen.suspicions if one.finding.fault == cause.fault]
    again = [(look, one) for look, one in again if _is_loud(one) or not heard]
    return min(again, key=lambda pair: pair[0] != cause.look, default=(None, None))[1]


def _stops(cause: Cause) -> bool:
    return cause.fault in STATIC and cause.severity is Severity.ERROR


def _is_open(cause: Cause) -> bool:
    return not cause.tried and cause.suspicion.change is not None and cause.severity is not Severity.NOTE


def _is_loud(suspicion: Suspicion) -> bool:
    return suspicion.finding.severity is not Severity.NOTE


def _among(cause: Cause, others: Iterable[Cause]) -> bool:
    return any(cause.suspicion is one.suspicion for one in others)
