"""Diagnosis: what a check found, what it found in order and what it left out, as plain data with a JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from thalweg.check.trace import Trace
from thalweg.core.config import Config
from thalweg.core.environment import Environment
from thalweg.core.errors import InputError
from thalweg.core.finding import Finding, Passed, Severity

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 1
"""Version of the JSON object; it rises when a key changes its meaning or goes away."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Diagnosis:
    """What `thalweg.check` returns.

    Attributes:
        problem: The problem's name.
        config: The setting that was checked; of an optimizer of the user's own, its class and numbers.
        findings: Most likely cause first, each with what it explains as its consequences.
        passed: What was asked and found in order.
        unchecked: What was not asked, not answered or not tried, one sentence each.
        trace: The first updates at the user's own setting, three of them in full; ``None`` if there were none.
        budget: Seconds that it was allowed to take.
        seconds: Those that it took.
        environment: Versions, hardware, command.
    """

    problem: str
    config: Config
    findings: tuple[Finding, ...]
    passed: tuple[Passed, ...]
    unchecked: tuple[str, ...]
    trace: Trace | None
    budget: float
    seconds: float
    environment: Environment

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors: what is trained is not what was meant, or it cannot be trained."""
        return self.of(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are warnings: it is trained clearly worse than it could be."""
        return self.of(Severity.WARNING)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that ask for nothing."""
        return self.of(Severity.NOTE)

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of a severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    def show(self, console: Console | None = None) -> None:
        """Print findings with evidence and remedy, what was found in order, and what was left out.

        Args:
            console: Where to print; ``None`` takes standard output.
        """
        from thalweg.check.show import show

        show(self, console)

    def __repr__(self) -> str:
        found = ", ".join(f"{finding.fault} ({finding.severity})" for finding in self.findings) or "nothing found"
        return f"Diagnosis({self.problem}: {found}; {len(self.passed)} passed, {len(self.unchecked)} unchecked)"

    def to_json(self) -> dict[str, Any]:
        """Return the documented, versioned object; floats may be NaN (`core.plain.strict` nulls them)."""
        return {
            "format": FORMAT,
            "problem": self.problem,
            "config": self.config.to_json(),
            "findings": [finding.to_json() for finding in self.findings],
            "passed": [asdict(one) for one in self.passed],
            "unchecked": list(self.unchecked),
            "trace": self.trace and self.trace.to_json(),
            "budget": self.budget,
            "seconds": self.seconds,
            "environment": asdict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Diagnosis:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is NaN again.

        Raises:
            InputError: It was written in another format.
        """
        if data.get("format") != FORMAT:
            raise InputError(
                "This diagnosis was written in another format.", got=data.get("format"), expected=FORMAT
            )
        return cls(
            problem=data["problem"],
            config=Config.from_json(data["config"]),
            findings=tuple(map(Finding.from_json, data["findings"])),
            passed=tuple(Passed(**one) for one in data["passed"]),
            unchecked=tuple(data["unchecked"]),
            trace=data["trace"] and Trace.from_json(data["trace"]),
            budget=math.inf if data["budget"] is None else data["budget"],
            seconds=data["seconds"],
            environment=Environment(**data["environment"]),
        )
