"""Words: what a watch says, in sentences that page and terminal share."""

from __future__ import annotations

import math

from thalweg.core.finding import Finding, Severity
from thalweg.core.wording import duration, listed
from thalweg.watch.watched import Watched

QUANTITIES = {
    "loss": "loss",
    "gradient": "norm of the gradient",
    "update ratio": "update over weights",
    "learning rate": "learning rate",
    "gradient noise": "gradient noise scale",
    "sharpness": "sharpness along the step",
    "sharpness limit": "its limit, 2/lr for gradient descent",
    "overshoot": "step over the way to the bottom",
}
"""Those of the whole net, in words."""


def verdict(watched: Watched) -> str:
    """Return in a sentence how much was found, and what came first."""
    counts = [(len(watched.of(severity)), severity) for severity in (Severity.ERROR, Severity.WARNING)]
    told = listed([f"{n} {severity}{'s' if n > 1 else ''}" for n, severity in counts if n])
    span = f"{watched.updates:,} update{'' if watched.updates == 1 else 's'} of {watched.name}"
    if not told:
        return f"No fault seen in {span}{', as far as it was heard' if watched.unheard else ''}."
    serious = next(one for one in watched.findings if one.severity is not Severity.NOTE)
    first = "first " if len(watched.findings) > 1 else ""
    return f"{told} in {span}, {first}{serious.fault} ({serious.where})."


def aloud(finding: Finding) -> str:
    """Return a finding in one line, as it is told when it arises."""
    said = f"{finding.fault}, {finding.where}: {finding.evidence}. Do this: {finding.remedy}."
    return f"thalweg: {finding.severity}: {said}"


def cost(watched: Watched) -> str:
    """Return how much was watched."""
    each = "every update" if watched.every == 1 else f"1 of {watched.every} updates"
    return f"{each} watched, {duration(watched.seconds)}"


def number(value: float) -> str:
    """Return a value of a quantity as text.

    Example:
        >>> number(0.00123456), number(math.inf)
        ('0.00123', 'no bound')
    """
    return f"{value:.3g}" if math.isfinite(value) else "no bound"
