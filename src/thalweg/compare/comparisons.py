"""Comparisons: what a fair comparison of optimizers found on several problems, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thalweg.compare.cost import COSTS, by_optimizer
from thalweg.compare.profile import Profile, profiles
from thalweg.compare.result import Comparison
from thalweg.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 1
"""Version of the JSON object; it rises when a key changes its meaning or goes away."""


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """What `thalweg.compare` returns for several problems.

    Attributes:
        comparisons: One a problem, in the order given.
        profiles: The performance profile of every optimizer by each cost, over the problems that have a target:
            first all by updates, then all by seconds; within a cost by score, best first.
        missing: What an interruption left out, one sentence each; empty if all was done. What is missing within
            a comparison, that says itself.
    """

    comparisons: tuple[Comparison, ...]
    profiles: tuple[Profile, ...]
    missing: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """The verdict: all that they hold would fill a screen."""
        from thalweg.compare.overview import verdict

        return verdict(self)

    @classmethod
    def of(cls, comparisons: Sequence[Comparison], missing: Sequence[str] = ()) -> Comparisons:
        """Return comparisons of the same optimizers, with their profiles."""
        found = list[Profile]()
        for cost in COSTS:
            drawn = profiles(cost, by_optimizer(comparisons, cost))
            found += sorted(drawn, key=lambda profile: profile.score, reverse=True)
        return cls(comparisons=tuple(comparisons), profiles=tuple(found), missing=tuple(missing))

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems' names."""
        return tuple(comparison.problem for comparison in self.comparisons)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, neither a problem nor a run of one."""
        return not self.missing and not any(comparison.missing for comparison in self.comparisons)

    def by(self, cost: str) -> tuple[Profile, ...]:
        """Return the profiles by ``"updates"`` or ``"seconds"``, the best score first."""
        return tuple(profile for profile in self.profiles if profile.cost == cost)

    def show(self, console: Console | None = None) -> None:
        """Print every comparison, the scores over all of them, and what a reader must know."""
        from thalweg.compare.show import show_several

        show_several(self, console)

    def to_json(self) -> dict[str, Any]:
        """Return the documented, versioned object; floats may not be finite (`core.plain.strict` nulls them)."""
        return {
            "format": FORMAT,
            "problems": list(self.problems),
            "profiles": [profile.to_json() for profile in self.profiles],
            "missing": list(self.missing),
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparisons:
        """Rebuild what `to_json` gave."""
        if data.get("format") != FORMAT:
            raise InputError(
                "These comparisons were written in another format.", got=data.get("format"), expected=FORMAT
            )
        return cls(
            comparisons=tuple(map(Comparison.from_json, data["comparisons"])),
            profiles=tuple(map(Profile.from_json, data["profiles"])),
            missing=tuple(data["missing"]),
        )


def read(data: Mapping[str, Any]) -> Comparison | Comparisons:
    """Rebuild what `Comparison.to_json` or `Comparisons.to_json` gave."""
    return (Comparisons if "comparisons" in data else Comparison).from_json(data)
