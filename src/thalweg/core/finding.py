"""Finding: a fault with its evidence and remedy, and what became of the remedy when it was tried."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from thalweg.core.picture import Picture

Numbers = Mapping[str, float]


class Severity(StrEnum):
    """How bad a finding is.

    ``error``: what is trained is not what was meant, or it cannot be trained. ``warning``: it is trained clearly
    worse than it could be. ``note``: worth knowing; nothing needs to be done.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A remedy that was tried: the same steps and seeds without it and with it.

    Attributes:
        change: What was changed, such as ``"lr=0.001 in place of 10"``.
        measure: What was compared, such as ``"validation accuracy"``.
        before: Its mean over the seeds without the remedy.
        after: The same with it.
        higher_is_better: The measure's direction.
        helped: Whether it is better by more than the seeds differ.
        steps: Updates of each run.
        seeds: Runs on either side.
        curves: The loss in the course of the runs, mean over the seeds: ``"without"`` and ``"with"``. They are
            losses of two kinds where the remedy changes the loss or the targets.
    """

    change: str
    measure: str
    before: float
    after: float
    higher_is_better: bool
    helped: bool
    steps: int
    seeds: int
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; floats may be NaN (`core.plain.strict` nulls them)."""
        return asdict(self) | {"curves": {name: list(curve) for name, curve in self.curves.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Proof:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is NaN again."""
        curves = {name: tuple(map(_number, curve)) for name, curve in data.get("curves", {}).items()}
        ends = {name: _number(data[name]) for name in ("before", "after")}
        parts: dict[str, Any] = {**data, **ends, "curves": curves}
        return cls(**parts)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault that was found.

    Attributes:
        fault: Its name in the vocabulary, such as ``"lr_too_high"`` (see `thalweg.check.faults`).
        severity: How bad it is.
        where: What has it: a layer, a parameter, a column of the inputs, ``"learning rate"``.
        evidence: What was measured, in one sentence with its numbers.
        remedy: What to do, in one sentence.
        numbers: The numbers of the evidence by name, among them ``"threshold"`` where there is one.
        proof: What the remedy did when it was tried; ``None`` where it cannot be tried, or time was out.
        consequences: Findings that this one explains.
        pictures: What a page shows of it.
    """

    fault: str
    severity: Severity
    where: str
    evidence: str
    remedy: str
    numbers: Numbers = field(default_factory=dict[str, float])
    proof: Proof | None = None
    consequences: tuple[Finding, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "severity": str(self.severity),
            "numbers": dict(self.numbers),
            "proof": self.proof and self.proof.to_json(),
            "consequences": [one.to_json() for one in self.consequences],
            "pictures": [one.to_json() for one in self.pictures],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """Rebuild what `to_json` gave."""
        parts = dict(data)
        parts["severity"] = Severity(parts["severity"])
        parts["numbers"] = {name: _number(value) for name, value in parts["numbers"].items()}
        parts["proof"] = parts["proof"] and Proof.from_json(parts["proof"])
        parts["consequences"] = tuple(map(cls.from_json, parts["consequences"]))
        parts["pictures"] = tuple(map(Picture.from_json, parts.get("pictures", ())))
        return cls(**parts)


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A look that found nothing wrong.

    Attributes:
        name: Of the look.
        evidence: What was measured, in one sentence with its numbers.
    """

    name: str
    evidence: str


def _number(value: float | None) -> float:
    return math.nan if value is None else value
