"""Protocol: equal tuning budgets, the best setting run again on fresh seeds, the test split touched only then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from thalweg.core.config import Config
from thalweg.core.errors import InputError, UnknownNameError
from thalweg.core.run import Run
from thalweg.execute import Job
from thalweg.optim import check_hyper, optimizers
from thalweg.problems import Problem
from thalweg.sweep.dimensions import Log
from thalweg.sweep.score import Score, of_measures
from thalweg.sweep.sobol import sobol
from thalweg.train.beforehand import check_settings
from thalweg.train.length import Length, complete
from thalweg.train.scheduled import check_schedules


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a comparison is done.

    Args:
        problem: What is trained.
        names: Optimizers, by registry name.
        trials: Tuning runs an optimizer, >= 1.
        seeds: Final runs an optimizer, >= 1, on seeds that tuning did not use.
        base: Everything of a Config that all share, but for optimizer and learning rate. Its seed is the tuning
            runs': they all start from the same weights and see the same batches.
        keep: ``"best"`` judges every run at its best epoch by validation, ``"last"`` at its last.
        search: Learning-rate intervals that replace the declared ones, by optimizer.

    Raises:
        InputError: No optimizer, one named twice, an unknown one, no trial, no seed, a fixed learning rate, or
            a hyper-parameter or schedule that cannot be used.
    """

    problem: Problem
    names: tuple[str, ...]
    trials: int
    seeds: int
    base: Config
    keep: str = "best"
    search: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) < len(self.names):
            raise InputError("compare needs optimizers, each once.", got=", ".join(self.names) or "none")
        for label, count in (("trials", self.trials), ("seeds", self.seeds)):
            if count < 1:
                raise InputError(f"The number of {label} is not positive.", got=count, expected="an integer >= 1")
        if "lr" in self.base.hyper:
            raise InputError(
                "A comparison tunes the learning rate: it cannot be fixed.",
                got=f"lr={self.base.hyper['lr']:g}",
                remedy="leave lr out, or train this one setting with `thalweg fit`",
            )
        self._check_search()
        for name in self.names:
            check_hyper(name, self.base.hyper)
            config = complete(self.problem, self._highest(name))
            check_schedules(config, Length.of(self.problem, config).steps_per_epoch)
        check_settings(self.problem, map(self._highest, self.names))

    def _check_search(self) -> None:
        for name, (low, high) in self.search.items():
            if name not in self.names:
                raise UnknownNameError("optimizer in this comparison", name, self.names)
            if not 0 < low < high < math.inf:
                raise InputError(
                    f"The range of {name}'s learning rate is unusable.",
                    got=f"{low:g} to {high:g}",
                    expected="0 < low < high",
                )

    def _highest(self, name: str) -> Config:
        """Return the setting of an optimizer at the upper end of its range."""
        return self.base.replace(optimizer=name, hyper={**self.base.hyper, "lr": self.range_of(name)[1]})

    def range_of(self, name: str) -> tuple[float, float]:
        """Return the interval of an optimizer's learning rate."""
        return self.search[name] if name in self.search else optimizers[name].search

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return len(self.names) * (self.trials + self.seeds)

    @property
    def tested_on(self) -> str:
        """The split of the final scores."""
        return "test" if self.problem.test is not None else "valid"

    def tuning(self) -> list[Job]:
        """Return the trials of every optimizer: the same scrambled Sobol points on each one's own range."""
        points = [u for (u,) in sobol(self.trials, 1, self.base.seed)]
        return [
            self._job(f"{name}/trial-{i}", name, {"lr": Log(*self.range_of(name)).value(u)}, self.base.seed)
            for name in self.names
            for i, u in enumerate(points)
        ]

    def final(self, best: Mapping[str, Run]) -> list[Job]:
        """Return the final runs: each best setting on every fresh seed."""
        return [
            self._job(f"{name}/seed-{seed}", name, run.config.hyper, seed, test=self.tested_on == "test")
            for name, run in best.items()
            for seed in self.fresh_seeds
        ]

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """The seeds of the final runs: those after the tuning seed."""
        return tuple(range(self.base.seed + 1, self.base.seed + 1 + self.seeds))

    def score(self, run: Run) -> Score:
        """Return what ranks a trial, higher is better: the validation objective, then the validation loss."""
        return of_measures(self.problem.objective_metric, run.valid, broken=run.outcome.broken)

    def _job(self, run_id: str, name: str, hyper: Mapping[str, float], seed: int, *, test: bool = False) -> Job:
        config = self.base.replace(
            optimizer=name,
            hyper={**self.base.hyper, **hyper},
            seed=seed,
            keep=self.keep,
        )
        return Job(run_id, self.problem, config, test)
