"""Plan: what a sweep tries, and how. Everything that cannot work is said here, before the first run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from thalweg.core.config import Config
from thalweg.core.errors import InputError, UnknownNameError
from thalweg.execute import Job
from thalweg.problems import Metric, Problem
from thalweg.sweep.halving import Halving
from thalweg.sweep.search import SAMPLERS, Search, search
from thalweg.sweep.space import Space
from thalweg.sweep.subset import subset
from thalweg.train import length
from thalweg.train.beforehand import check_settings, probe_all
from thalweg.train.scheduled import check_schedules


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a sweep is done.

    Args:
        problem: What is trained.
        space: What is searched.
        base: Everything of a Config that is not, with the first seed of the search.
        trials: Settings that are tried, >= 1.
        seeds: Runs of the best setting on fresh seeds, >= 1.
        repeats: Seeds a setting is tried on, >= 1; it is judged by their mean.
        sampler: One of ``sobol, grid, tpe, gp, cmaes``.
        halving: Whether trials wait for each other now and then, and only the best go on (`Halving`).
        narrow: Whether sobol and grid keep a third of the trials for a second round around the best.
        fraction: The part of the training split that every setting is screened on first; the best third of a
            generation then trains on all of it. ``None`` screens nothing.
        eta: What part passes a stop, and the screening: one in `eta`, > 1.
        least: Epochs before the first stop, >= 1.

    Raises:
        InputError: A count that is not positive, an unusable part, eta or length, a grid that does not fit, or a
            space with settings that cannot be used.
    """

    problem: Problem
    space: Space
    base: Config
    trials: int = 32
    seeds: int = 5
    repeats: int = 1
    sampler: str = "sobol"
    halving: bool = True
    narrow: bool = True
    fraction: float | None = None
    eta: float = 3
    least: int = 1

    def __post_init__(self) -> None:
        for label in ("trials", "seeds", "repeats"):
            count = getattr(self, label)
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise InputError(
                    f"The number of {label} is not positive.", got=repr(count), expected="an integer >= 1"
                )
        if self.sampler not in SAMPLERS:
            raise UnknownNameError("sampler", self.sampler, SAMPLERS)
        self.gate(self.trials)  # raises where it cannot be made
        _ = self.part
        self.space.check(self.base)
        corners = [*map(self.complete, self.space.corners(self.base))]
        for config in corners:
            check_schedules(config, length.steps_per_epoch(self.problem, config))
        check_settings(self.problem, corners)
        next(self.search())

    @property
    def metric(self) -> Metric:
        """The objective."""
        return self.problem.objective_metric

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """The seeds that the best setting is confirmed on: those after the search's."""
        first = self.base.seed + self.repeats
        return tuple(range(first, first + self.seeds))

    @property
    def runs(self) -> int:
        """How many runs it takes, at most."""
        return self.trials * (self.repeats + (self.part is not None)) + self.seeds

    @cached_property
    def part(self) -> Problem | None:
        """The problem with a part of its training split, to screen settings on."""
        return None if self.fraction is None else subset(self.problem, self.fraction, self.base.seed)

    def probe(self) -> None:
        """Try the problem out with every batch size, and every preparation of its data, that may come.

        Raises:
            ModelError: The model, loss or a metric does not fit the data.
        """
        probe_all(self.problem, map(self.complete, self.space.corners(self.base)))

    def complete(self, config: Config) -> Config:
        """Return the Config with its length and batch size filled in, as a Run says it."""
        return length.complete(self.problem, config)

    def steps(self, config: Config) -> int:
        """Return the updates of one run of a setting to its end on all data."""
        return length.steps(self.problem, config)

    def search(self) -> Search:
        """Return the search, from its beginning."""
        return search(self.sampler, self.space, self.trials, self.metric, self.base.seed, narrow=self.narrow)

    def gate(self, trials: int) -> Halving | None:
        """Return the gate of so many trials, ``None`` if they do not wait for each other."""
        if not self.halving:
            return None
        longest = max(self.complete(config).epochs or 1 for config in self.space.corners(self.base))
        return Halving(
            trials, longest, self.metric, keeps_best=self.base.keeps_best, eta=self.eta, least=self.least
        )

    def name(self, number: int) -> str:
        """Return the name of a trial by its number, such as ``"trial-007"``: names sort as numbers do."""
        return f"trial-{number:0{max(3, len(str(self.trials - 1)))}}"

    def jobs(self, name: str, config: Config) -> Iterator[Job]:
        """Yield the runs of one trial, a seed each."""
        for seed in range(config.seed, config.seed + self.repeats):
            run_id = name if self.repeats == 1 else f"{name}/seed-{seed}"
            yield Job(run_id, self.problem, config.replace(seed=seed))

    def screening(self, name: str, config: Config) -> Job:
        """Return the run of one setting on a part of the data."""
        assert self.part
        return Job(f"screen-{name.removeprefix('trial-')}", self.part, config)

    def confirmation(self, name: str, config: Config) -> list[Job]:
        """Return the runs of a trial's setting on every fresh seed."""
        return [Job(f"{name}/seed-{seed}", self.problem, config.replace(seed=seed)) for seed in self.fresh_seeds]
