"""Comparison: what a fair comparison of optimizers found, as plain data with a documented JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from thalweg.core.environment import Environment
from thalweg.core.errors import InputError
from thalweg.core.interval import Interval
from thalweg.core.run import Run

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 1
"""Version of the JSON object; it rises when a key changes its meaning or goes away."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One optimizer's place in the ranking.

    Attributes:
        optimizer: Registry name.
        rank: 1 for the leader.
        config: The best trial's setting, as JSON types, with the seed of the tuning runs.
        test: The objective metric on the test split, over the fresh seeds.
        valid: The same on the validation split.
        steps_to_target: Mean updates until the validation target, over the seeds that reached it.
        seconds_to_target: The same in training time.
        reached: How many seeds reached the target (0 without a target).
        seconds: Mean training time of one full run.
        edge_of_range: ``"low"`` or ``"high"`` if the best rate is the first or last of its range that was
            tried, so that a better one may lie outside; else ``None``.
        diverged: How many of the tuning trials diverged.
        search: The interval of the learning rate, log-uniform.
    """

    optimizer: str
    rank: int
    config: Mapping[str, Any]
    test: Interval
    valid: Interval
    steps_to_target: float | None
    seconds_to_target: float | None
    reached: int
    seconds: float
    edge_of_range: str | None
    diverged: int
    search: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The leader against one other: can they be told apart?

    Attributes:
        leader: Registry name of the leader.
        other: Registry name of the other.
        difference: Mean over seeds of the leader's test metric minus the other's.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p: Two-sided paired t-test over the seeds.
        p_holm: `p` after Holm's correction over all pairs of optimizers.
        distinct: Whether ``p_holm < 0.05`` and the leader is the better one.
    """

    leader: str
    other: str
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    distinct: bool


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What `thalweg.compare` returns.

    Attributes:
        problem: The problem's name.
        metric: The objective metric, such as ``"accuracy"``.
        higher_is_better: Its direction.
        target: The validation target, if the problem has one.
        budget: Tuning trials an optimizer.
        seeds: The fresh seeds of the final runs.
        ranking: Best first.
        pairs: The leader against each other.
        trials: Every tuning run, in order, optimizer by optimizer.
        finals: Every final run, on the fresh seeds, with test metrics.
        seconds: Wall time of the whole comparison.
        tested_on: ``"test"``, or ``"valid"`` if the problem has no test split (then results are optimistic).
        missing: What an interruption left out, one sentence each; empty if all was done.
        environment: Versions, hardware, command.
    """

    problem: str
    metric: str
    higher_is_better: bool
    target: float | None
    budget: int
    seeds: tuple[int, ...]
    ranking: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    trials: tuple[Run, ...]
    finals: tuple[Run, ...]
    seconds: float
    tested_on: str
    missing: tuple[str, ...]
    environment: Environment

    def __repr__(self) -> str:
        """The verdict: all that it holds would fill a screen."""
        from thalweg.compare.words import verdict

        return verdict(self)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def show(self, console: Console | None = None) -> None:
        """Print the verdict, the ranking and the caveats; what an interruption left out is listed too."""
        from thalweg.compare.show import show

        show(self, console)

    def to_json(self) -> dict[str, Any]:
        """Return the documented, versioned object; floats may be NaN (`core.plain.strict` nulls them)."""
        return {
            "format": FORMAT,
            **{f.name: getattr(self, f.name) for f in fields(self)},
            "ranking": [asdict(standing) | {"config": dict(standing.config)} for standing in self.ranking],
            "pairs": [asdict(pair) for pair in self.pairs],
            "trials": [run.to_json() for run in self.trials],
            "finals": [run.to_json() for run in self.finals],
            "environment": asdict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """Rebuild what `to_json` gave."""
        if data.get("format") != FORMAT:
            raise InputError(
                "This comparison was written in another format.", got=data.get("format"), expected=FORMAT
            )
        parts = {name: value for name, value in data.items() if name != "format"}
        parts["ranking"] = tuple(_standing(row) for row in data["ranking"])
        parts["pairs"] = tuple(Pair(**pair) for pair in data["pairs"])
        for name in ("trials", "finals"):
            parts[name] = tuple(Run.from_json(run) for run in data[name])
        for name in ("seeds", "missing"):
            parts[name] = tuple(data[name])
        parts["environment"] = Environment(**data["environment"])
        return cls(**parts)


def _standing(row: Mapping[str, Any]) -> Standing:
    intervals = {name: Interval(**row[name]) for name in ("test", "valid")}
    return Standing(**{**row, **intervals, "search": tuple(row["search"])})
