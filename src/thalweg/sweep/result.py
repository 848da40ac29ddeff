"""SweepResult: what a sweep found, as plain data with a documented JSON form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from thalweg.core.config import Config
from thalweg.core.environment import Environment
from thalweg.core.errors import InputError
from thalweg.core.interval import Interval
from thalweg.core.run import Run
from thalweg.sweep.basin import Basin
from thalweg.sweep.cost import Cost
from thalweg.sweep.edge import Edge
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from rich.console import Console

FORMAT = 1
"""Version of the JSON object; it rises when a key changes its meaning or goes away."""


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What `thalweg.sweep` returns.

    Attributes:
        problem: The problem's name.
        metric: The objective, such as ``"accuracy"``, measured on validation.
        higher_is_better: Its direction.
        sampler: Which points were tried: ``"sobol"``, ``"grid"``, ``"tpe"``, ``"gp"`` or ``"cmaes"``.
        space: What was searched.
        recommendation: The best setting, or ``None`` if there is none that can be recommended.
        refusal: Why there is none, in one sentence; empty if there is one.
        advice: What to do then.
        band: The objective of the best setting over the fresh seeds, with its 95 % interval.
        basin: The learning rates within noise of the best.
        edges: The settings whose best value lies at the end of its range.
        trials: Every setting that was tried, in order.
        screened: The trials on a part of the data that went before, if there were any.
        finals: The best setting on fresh seeds; where that broke down, the runs of the next best follow.
        seeds: The fresh seeds.
        stops: The epochs at which trials waited for each other, generation by generation.
        importance: The share of each setting in what the trials' ranks depend on.
        spent: What all runs cost.
        saved: What training every trial to its end on all data would have cost more.
        seconds: Wall time of the whole sweep.
        executor: How the runs were done.
        has_test: Whether the problem has a test split, which no sweep touches.
        missing: What an interruption left out, one sentence each; empty if all was done.
        environment: Versions, hardware, command.
    """

    problem: str
    metric: str
    higher_is_better: bool
    sampler: str
    space: Space
    recommendation: Config | None
    refusal: str
    advice: str
    band: Interval | None
    basin: Basin | None
    edges: tuple[Edge, ...]
    trials: tuple[Trial, ...]
    screened: tuple[Trial, ...]
    finals: tuple[Run, ...]
    seeds: tuple[int, ...]
    stops: tuple[tuple[int, ...], ...]
    importance: Mapping[str, float] | None
    spent: Cost
    saved: Cost
    seconds: float
    executor: str
    missing: tuple[str, ...]
    environment: Environment
    has_test: bool = True

    def __repr__(self) -> str:
        """The verdict: all that it holds would fill a screen."""
        from thalweg.sweep.words import verdict

        return verdict(self)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def best(self) -> Config:
        """The recommended setting, complete: ``thalweg.fit(problem, result.best)`` trains exactly it.

        Raises:
            InputError: There is none; the message says why and what to do. (``recommendation`` is ``None`` then.)
        """
        if self.recommendation is None:
            raise InputError(
                f"There is no recommendation for {self.problem}.", got=self.refusal, remedy=self.advice
            )
        return self.recommendation

    def show(self, console: Console | None = None) -> None:
        """Print the recommendation, the best trials and what a reader must know beside them."""
        from thalweg.sweep.show import show

        show(self, console)

    def to_optuna(self, storage: str | BaseStorage | None = None, *, name: str | None = None) -> Study:
        """Write the trials as an Optuna study; see `thalweg.sweep.export.to_optuna`."""
        from thalweg.sweep.export import to_optuna

        return to_optuna(self, storage, name=name)

    def to_json(self) -> dict[str, Any]:
        """Return the documented, versioned object; floats may be NaN (`core.plain.strict` nulls them)."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        best = plain.pop("recommendation")
        edges = [asdict(edge) for edge in plain.pop("edges")]
        return {
            "format": FORMAT,
            "best": best and best.to_json(),
            **plain,
            "edge_of_range": edges or None,
            "space": self.space.to_json(),
            **{name: plain[name] and asdict(plain[name]) for name in ("band", "basin")},
            **{name: [one.to_json() for one in plain[name]] for name in ("trials", "screened", "finals")},
            **{name: asdict(plain[name]) for name in ("spent", "saved", "environment")},
            "importance": self.importance and dict(self.importance),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepResult:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is NaN again."""
        if data.get("format") != FORMAT:
            raise InputError("This sweep was written in another format.", got=data.get("format"), expected=FORMAT)
        parts = {key: value for key, value in data.items() if key not in ("format", "best", "edge_of_range")}
        best, edges = data["best"], data["edge_of_range"] or ()
        parts["recommendation"] = best and Config.from_json(best)
        parts["edges"] = tuple(Edge(**{**edge, "wider": tuple(edge["wider"])}) for edge in edges)
        parts["space"] = Space.from_json(data["space"])
        band: dict[str, Any] = data["band"] or {}
        ends = {name: math.nan if band[name] is None else band[name] for name in ("mean", "low", "high") if band}
        parts["band"] = Interval(**{**band, **ends}) if band else None
        parts["basin"] = data["basin"] and Basin(**data["basin"])
        for name in ("trials", "screened"):
            parts[name] = tuple(map(Trial.from_json, data[name]))
        parts["finals"] = tuple(map(Run.from_json, data["finals"]))
        parts["stops"] = tuple(map(tuple, data["stops"]))
        for name in ("seeds", "missing"):
            parts[name] = tuple(data[name])
        parts["spent"], parts["saved"] = Cost(**data["spent"]), Cost(**data["saved"])
        parts["environment"] = Environment(**data["environment"])
        return cls(**parts)
