"""Explore: does the trials of a plan, generation by generation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from thalweg.core.config import Config
from thalweg.core.events import Sink
from thalweg.core.run import Run
from thalweg.execute import Executor
from thalweg.sweep.plan import Plan
from thalweg.sweep.trial import Trial, from_runs


class CutShortError(Exception):
    """The executor came back with fewer runs than it was given jobs."""


@dataclass
class Explorer:
    """Does the trials of a plan.

    Args:
        plan: What is tried.
        executor: How runs are done.
        sink: Hears every event.

    Attributes:
        trials: What was tried so far, in order.
        screened: The trials on a part of the data.
        stops: Where the trials of each generation waited.
    """

    plan: Plan
    executor: Executor
    sink: Sink
    trials: list[Trial] = field(default_factory=list[Trial])
    screened: list[Trial] = field(default_factory=list[Trial])
    stops: list[tuple[int, ...]] = field(default_factory=list[tuple[int, ...]])

    def explore(self) -> None:
        """Do all generations.

        Raises:
            CutShortError: In the middle; what ended before it is kept.
        """
        search, known = self.plan.search(), dict[Config, Trial]()
        points = next(search)
        for round_ in count():
            configs = [self.plan.complete(self.plan.space.config(point, self.plan.base)) for point in points]
            new = [config for config in dict.fromkeys(configs) if config not in known]
            known |= zip(new, self._generation(new, round_), strict=True)
            try:
                points = search.send([known[config] for config in configs])
            except StopIteration:
                return

    def _generation(self, configs: Sequence[Config], round_: int) -> list[Trial]:
        """Try new settings together; returns their trials, in order."""
        named = {self.plan.name(len(self.trials) + i): config for i, config in enumerate(configs)}
        dropped = self._screen(named, round_) if self.plan.part and len(named) > 1 else {}
        whole = {name: config for name, config in named.items() if name not in dropped}
        gate = self.plan.gate(len(whole)) if len(whole) > 1 else None
        self.stops.append(gate.stops if gate else ())
        jobs = {name: list(self.plan.jobs(name, config)) for name, config in whole.items()}
        runs = _by_config(self.executor([job for own in jobs.values() for job in own], self.sink, gate=gate))
        made = dict(dropped)
        for name, own in jobs.items():
            ended = [runs[job.config] for job in own if job.config in runs]
            if len(ended) == len(own):
                made[name] = self._trial(name, ended, round_)
        self.trials += [made[name] for name in named if name in made]
        if len(made) < len(named):
            raise CutShortError
        return [made[name] for name in named]

    def _screen(self, named: dict[str, Config], round_: int) -> dict[str, Trial]:
        """Try all on a part of the data; returns those that are dropped for it."""
        jobs = {name: self.plan.screening(name, config) for name, config in named.items()}
        runs = _by_config(self.executor(list(jobs.values()), self.sink))
        made = {
            name: self._trial(name, [runs[job.config]], round_, fraction=self.plan.fraction)
            for name, job in jobs.items()
            if job.config in runs
        }
        self.screened += made.values()
        if len(made) < len(jobs):
            raise CutShortError
        ranked = sorted(made, key=lambda name: made[name].standing(self.plan.metric), reverse=True)
        return {name: made[name] for name in ranked[math.ceil(len(ranked) / self.plan.eta) :]}

    def _trial(self, name: str, runs: Sequence[Run], round_: int, fraction: float | None = 1.0) -> Trial:
        config = runs[0].config
        return from_runs(
            runs,
            self.plan.metric,
            name=name,
            round=round_,
            values=self.plan.space.values(config),
            point=self.plan.space.point(config),
            fraction=fraction,
        )


def _by_config(runs: Sequence[Run]) -> dict[Config, Run]:
    """The runs by their setting: after an interruption it tells which they are."""
    return {run.config: run for run in runs}
