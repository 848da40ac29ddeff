"""Words: what a diagnosis says, in sentences that the page and the terminal share."""

from __future__ import annotations

from thalweg.check.diagnosis import Diagnosis
from thalweg.core.finding import Finding, Proof, Severity
from thalweg.core.wording import ABSENT, amount, duration, listed

PLURAL = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}


def verdict(diagnosis: Diagnosis) -> str:
    """Return the answer in a few words: how much is wrong and what comes first, or that nothing is."""
    serious = (*diagnosis.errors, *diagnosis.warnings)
    if not serious:
        n = len(diagnosis.passed)
        asked = f"{n} check{'s' if n > 1 else ''} passed" if n else "nothing could be asked"
        return f"No fault found in {diagnosis.problem}: {asked}."
    counts = [(len(diagnosis.of(severity)), severity) for severity in (Severity.ERROR, Severity.WARNING)]
    told = listed([f"{n} {str(one) if n == 1 else PLURAL[one]}" for n, one in counts if n])
    first = serious[0]
    start = "most likely " if len(serious) > 1 else ""
    return f"{told} in {diagnosis.problem}, {start}{first.fault} ({first.where})."


def tried(proof: Proof) -> str:
    """Return what became of a remedy.

    Example:
        >>> proof = Proof(change="lr=0.1 in place of 10", measure="validation accuracy", before=0.1, after=0.97,
        ...     higher_is_better=True, helped=True, steps=200, seeds=2)
        >>> tried(proof)
        'lr=0.1 in place of 10: validation accuracy 10.0 % → 97.0 % after 200 updates, 2 seeds: it helps'
    """
    ends = f"{value(proof, proof.before)} → {value(proof, proof.after)}"
    verdict = "it helps" if proof.helped else "it does not help"
    return f"{proof.change}: {proof.measure} {ends} after {proof.steps} updates, {proof.seeds} seeds: {verdict}"


def value(proof: Proof, number: float) -> str:
    """Return a value of the measure; of runs that all failed or diverged, that they did."""
    told = amount(proof.measure, number)
    return "fails" if told == ABSENT else told


def consequence(found: Finding) -> str:
    """Return in one line what stands under the cause that explains it."""
    return f"{found.fault}, {found.where}: {found.evidence}"


def unchecked(diagnosis: Diagnosis) -> dict[str, list[str]]:
    """Return what was left unchecked: the questions by why, in the order in which they came.

    The sentences of a diagnosis are a question, and what kept it from being answered.
    """
    found: dict[str, list[str]] = {}
    for sentence in diagnosis.unchecked:
        question, mark, reason = sentence.partition("? ")
        found.setdefault(reason, []).append(question + mark.strip())
    return found


def cost(diagnosis: Diagnosis) -> str:
    """Return how long it took, of what it might have."""
    return f"checked in {duration(diagnosis.seconds)} of {duration(diagnosis.budget)}"
