"""Row: one measured figure beside its peer's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison.

    Attributes:
        suite: What was measured.
        ours: Our figure.
        peer: Who is compared with.
        theirs: Their figure, from the same run.
        ratio: Ours to theirs, the median over rounds in which both were measured one after the other.
        unit: Of both.
        goal: The bound on the ratio ours/theirs, or on our figure where there is no peer.
        at_least: True if the goal is a lower bound.
    """

    suite: str
    ours: float
    unit: str
    goal: float
    peer: str = ""
    theirs: float | None = None
    ratio: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        figure = self.ours if self.ratio is None else self.ratio
        return figure >= self.goal if self.at_least else figure <= self.goal

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"met": self.met}

    def __str__(self) -> str:
        against = f"  {self.theirs:.4g} {self.unit} {self.peer}, ratio {self.ratio:.3f}" if self.ratio else ""
        sign = ">=" if self.at_least else "<="
        verdict = "met" if self.met else "MISSED"
        return f"{self.suite:<34}{self.ours:.4g} {self.unit}{against}  (goal {sign} {self.goal:g}: {verdict})"
