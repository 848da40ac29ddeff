"""Watched: what was seen of a loop, as plain data with a JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from thalweg.core.config import Config
from thalweg.core.environment import Environment
from thalweg.core.errors import InputError
from thalweg.core.finding import Finding, Severity

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 1
"""Version of the JSON object; it rises when a key changes its meaning or goes away."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One watched update.

    Attributes:
        step: Updates made before it.
        numbers: What was measured: ``loss``, ``gradient``, ``update ratio``, ``sharpness`` ..., and by layer
            or parameter ``spread/fc1``, ``dead/relu``, ``change/fc1.weight`` ...
    """

    step: int
    numbers: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, repr=False)
class Watched:
    """What `thalweg.watch` has seen up to now.

    Attributes:
        name: Of the model.
        config: The optimizer's class and numbers at the start.
        every: Updates from one that is watched to the next.
        updates: Updates made.
        seconds: Since the watch began.
        points: The watched updates; of a long run some of them, evenly spread.
        findings: In the order in which they arose.
        unheard: What could not be measured, one sentence each.
        environment: Versions and hardware.
    """

    name: str
    config: Config
    every: int
    updates: int
    seconds: float
    points: tuple[Point, ...]
    findings: tuple[Finding, ...]
    unheard: tuple[str, ...]
    environment: Environment

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of a severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    def curve(self, quantity: str) -> list[tuple[float, float]]:
        """Return a quantity over the updates: pairs of step and value where it was measured."""
        return [(point.step, point.numbers[quantity]) for point in self.points if quantity in point.numbers]

    def show(self, console: Console | None = None) -> None:
        """Print findings with evidence and remedy, and where the quantities stand.

        Args:
            console: Where to print; ``None`` takes standard output.
        """
        from thalweg.watch.show import show

        show(self, console)

    def __repr__(self) -> str:
        found = ", ".join(f"{finding.fault} ({finding.severity})" for finding in self.findings) or "nothing found"
        return f"Watched({self.name}, {self.updates} updates: {found})"

    def to_json(self) -> dict[str, Any]:
        """Return the documented, versioned object; floats may be NaN (`core.plain.strict` nulls them)."""
        return {
            "format": FORMAT,
            "name": self.name,
            "config": self.config.to_json(),
            "every": self.every,
            "updates": self.updates,
            "seconds": self.seconds,
            "points": [asdict(point) for point in self.points],
            "findings": [finding.to_json() for finding in self.findings],
            "unheard": list(self.unheard),
            "environment": asdict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Watched:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is left out.

        Raises:
            InputError: It was written in another format.
        """
        if data.get("format") != FORMAT:
            raise InputError("This watch was written in another format.", got=data.get("format"), expected=FORMAT)
        points = [
            Point(step=one["step"], numbers={k: v for k, v in one["numbers"].items() if v is not None})
            for one in data["points"]
        ]
        return cls(
            **{name: data[name] for name in ("name", "every", "updates", "seconds")},
            config=Config.from_json(data["config"]),
            points=tuple(points),
            findings=tuple(map(Finding.from_json, data["findings"])),
            unheard=tuple(data["unheard"]),
            environment=Environment(**data["environment"]),
        )
