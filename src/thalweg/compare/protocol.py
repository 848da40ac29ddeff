"""The protocol: equal tuning budgets, the best setting re-run on fresh seeds, the test split touched only then."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from thalweg.compare.environment import describe
from thalweg.compare.result import Comparison, Standing
from thalweg.compare.statistics import against_leader, student_interval
from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.events import Sink, silent
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute import Executor, Job, sequential
from thalweg.optim import check_hyper, optimizers
from thalweg.problems import Problem
from thalweg.problems.probe import probe
from thalweg.schedules import bind

TUNING_SEED = 0
"""Every trial starts from the same weights and sees the same batches; the fresh seeds are 1, 2, 3 ..."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a comparison is done.

    Args:
        problem: What is trained.
        names: Optimizers, by registry name.
        trials: Tuning runs an optimizer, >= 1.
        seeds: Final runs an optimizer, >= 1, on seeds that tuning did not use.
        base: Everything of a Config that all share, but for the learning rate, which is tuned.

    Raises:
        InputError: No optimizer, one named twice, an unknown one, no trial, no seed, a fixed learning rate, or
            a hyper-parameter or schedule that cannot be used.
    """

    problem: Problem
    names: tuple[str, ...]
    trials: int
    seeds: int
    base: Config

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
        for name in self.names:
            check_hyper(name, self.base.hyper)
        bind(self.base.schedule, self.base.schedule_options)

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
        points = _sobol(self.trials)
        return [
            self._job(
                f"{name}/trial-{i}", name, {"lr": _log_uniform(optimizers[name].rule.search, u)}, TUNING_SEED
            )
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
        """The seeds of the final runs."""
        return tuple(range(TUNING_SEED + 1, TUNING_SEED + 1 + self.seeds))

    def score(self, run: Run) -> tuple[float, float]:
        """Return what ranks a trial, higher is better: the validation objective, then the validation loss."""
        metric = self.problem.objective_metric
        value, loss = run.valid.get(metric.name, math.nan), run.valid.get("loss", math.nan)
        if run.outcome is Outcome.DIVERGED or math.isnan(value) or math.isnan(loss):
            return (-math.inf, -math.inf)
        return (value if metric.higher_is_better else -value, -loss)

    def _job(self, run_id: str, name: str, hyper: Mapping[str, float], seed: int, *, test: bool = False) -> Job:
        config = self.base.replace(
            optimizer=name,
            hyper={**self.base.hyper, **hyper},
            seed=seed,
            # As long as the run itself: it is never cut short, but judged at its best epoch.
            patience=self.base.patience or self.base.epochs or self.problem.epochs,
        )
        return Job(run_id, self.problem, config, test)


def compare(
    problem: Problem,
    names: Sequence[str] | None = None,
    *,
    trials: int = 16,
    seeds: int = 10,
    base: Config | None = None,
    executor: Executor = sequential,
    sink: Sink = silent,
    command: str = "",
) -> Comparison:
    """Compare optimizers on a problem under equal tuning budgets.

    Every optimizer gets `trials` runs with learning rates from its declared range (scrambled Sobol,
    log-uniform). Every run is judged at its best epoch by validation. The best trial's setting is run again on `seeds` fresh seeds, and only
    those runs touch the test split. The ranking is by their mean; intervals are Student's over seeds.

    Args:
        problem: What to train on. Without a test split final scores are validation's, and so optimistic.
        names: Optimizers by registry name; ``None`` takes all.
        trials: Tuning runs an optimizer.
        seeds: Final runs an optimizer.
        base: What all Configs share: length, batch size, schedule, fixed hyper-parameters.
        executor: How runs are done.
        sink: Hears every event.
        command: The exact command, for the record.

    Returns:
        The Comparison. Ctrl-C gives what was finished, with `missing` saying what was not.

    Raises:
        InputError: A setting, problem or model that cannot be used; found before the first run.

    Example:
        >>> from thalweg.problems import load
        >>> result = compare(load("digits/logistic"), ["sgd", "adam"], trials=2, seeds=2, base=Config(epochs=1))
        >>> len(result.trials), len(result.finals), sorted(s.optimizer for s in result.ranking)
        (4, 4, ['adam', 'sgd'])
    """
    protocol = Protocol(
        problem=problem,
        names=tuple(optimizers if names is None else names),
        trials=trials,
        seeds=seeds,
        base=base or Config(),
    )
    return carry_out(protocol, executor=executor, sink=sink, command=command)


def carry_out(
    protocol: Protocol, *, executor: Executor = sequential, sink: Sink = silent, command: str = ""
) -> Comparison:
    """Do what a `Protocol` says, as `compare` does."""
    started, wall = describe(command, torch.get_num_threads()), time.perf_counter()
    problem = protocol.problem
    probe(problem)
    tuning = protocol.tuning()
    tuned = executor(tuning, sink)
    best = _best(protocol, tuned) if len(tuned) == len(tuning) else {}
    final = protocol.final(best)
    finished = executor(final, sink) if final else []
    whole = _whole(protocol, finished)
    leaders = _ranked(protocol, whole)
    metric = problem.objective_metric
    scores = {name: [_final_score(protocol, run) for run in whole[name]] for name in leaders}
    return Comparison(
        problem=problem.name,
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        target=problem.target,
        budget=protocol.trials,
        seeds=protocol.fresh_seeds,
        ranking=tuple(
            _standing(protocol, rank, name, best[name], tuned, whole[name]) for rank, name in enumerate(leaders, 1)
        ),
        pairs=tuple(
            against_leader(leaders[0], scores, higher_is_better=metric.higher_is_better) if leaders else ()
        ),
        trials=tuple(tuned),
        finals=tuple(finished),
        seconds=time.perf_counter() - wall,
        tested_on=protocol.tested_on,
        missing=tuple(_missing(protocol, tuning, tuned, finished, whole)),
        environment=started,
    )


def _sobol(n: int) -> list[float]:
    """The first n points of a scrambled Sobol sequence in (0, 1)."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=1, scramble=True, rng=TUNING_SEED)
    return sequence.random_base2(math.ceil(math.log2(n)))[:n, 0].tolist()


def _log_uniform(interval: tuple[float, float], u: float) -> float:
    low, high = map(math.log, interval)
    return math.exp(low + u * (high - low))


def _best(protocol: Protocol, runs: Sequence[Run]) -> dict[str, Run]:
    return {
        name: max((run for run in runs if run.config.optimizer == name), key=protocol.score)
        for name in protocol.names
    }


def _final_score(protocol: Protocol, run: Run) -> float:
    measured = run.test if run.test is not None else run.valid
    return measured.get(protocol.problem.objective, math.nan)


def _whole(protocol: Protocol, runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The final runs of every optimizer that has all of its seeds."""
    own = {name: [run for run in runs if run.config.optimizer == name] for name in protocol.names}
    return {name: mine for name, mine in own.items() if len(mine) == protocol.seeds}


def _ranked(protocol: Protocol, whole: Mapping[str, Sequence[Run]]) -> list[str]:
    """Names by mean final score, best first; one that cannot be scored comes last."""
    sign = 1 if protocol.problem.objective_metric.higher_is_better else -1

    def key(name: str) -> float:
        mean = sign * student_interval([_final_score(protocol, run) for run in whole[name]]).mean
        return -math.inf if math.isnan(mean) else mean

    return sorted(whole, key=key, reverse=True)


def _standing(
    protocol: Protocol, rank: int, name: str, best: Run, trials: Sequence[Run], finals: Sequence[Run]
) -> Standing:
    own = [run for run in trials if run.config.optimizer == name]
    reached = [epoch for run in finals if (epoch := _reached(protocol.problem, run)) is not None]
    return Standing(
        optimizer=name,
        rank=rank,
        config=best.config.to_json(),
        test=student_interval([_final_score(protocol, run) for run in finals]),
        valid=student_interval([run.valid.get(protocol.problem.objective, math.nan) for run in finals]),
        steps_to_target=_mean([epoch.step for epoch in reached]),
        seconds_to_target=_mean([epoch.seconds for epoch in reached]),
        reached=len(reached),
        seconds=_mean([run.seconds for run in finals]) or 0.0,
        edge_of_range=_edge(best, own),
        diverged=sum(run.outcome is Outcome.DIVERGED for run in own),
        search=optimizers[name].rule.search,
    )


def _reached(problem: Problem, run: Run) -> Epoch | None:
    if problem.target is None:
        return None
    metric = problem.objective_metric
    return run.reached(metric.name, problem.target, higher_is_better=metric.higher_is_better)


def _edge(best: Run, trials: Sequence[Run]) -> str | None:
    """Whether the best rate is the lowest or highest that was tried."""
    rates = sorted(run.config.hyper["lr"] for run in trials)
    if len(rates) < 2:
        return None
    return {rates[0]: "low", rates[-1]: "high"}.get(best.config.hyper["lr"])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _missing(
    protocol: Protocol,
    tuning: Sequence[Job],
    tuned: Sequence[Run],
    finished: Sequence[Run],
    whole: Mapping[str, Sequence[Run]],
) -> list[str]:
    """What an interruption left out, one sentence each."""
    if len(tuned) < len(tuning):
        return [
            f"Interrupted while tuning: {len(tuned)} of {len(tuning)} trials are done.",
            "No setting was chosen and no final run was made, so there is no ranking.",
        ]
    absent = [name for name in protocol.names if name not in whole]
    if not absent:
        return []
    total = len(protocol.names) * protocol.seeds
    return [
        f"Interrupted in the final runs: {len(finished)} of {total} are done.",
        f"Not ranked, for want of seeds: {', '.join(absent)}.",
    ]
