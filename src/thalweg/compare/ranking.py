"""Ranking: from the runs of a comparison to standings, best first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from thalweg.compare.protocol import Protocol
from thalweg.compare.result import Standing
from thalweg.core.run import Epoch, Run
from thalweg.execute import Job
from thalweg.problems import Problem
from thalweg.sweep.band import student_interval


def best_trials(protocol: Protocol, runs: Sequence[Run]) -> dict[str, Run]:
    """Return each optimizer's best trial by `Protocol.score`."""
    return {
        name: max((run for run in runs if run.config.optimizer == name), key=protocol.score)
        for name in protocol.names
    }


def final_score(protocol: Protocol, run: Run) -> float:
    """Return the objective on test, or on validation if there is no test split."""
    measured = run.test if protocol.tested_on == "test" else run.valid
    return (measured or {}).get(protocol.problem.objective, math.nan)


def complete(protocol: Protocol, runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the final runs of every optimizer that has all of its seeds."""
    own = {name: [run for run in runs if run.config.optimizer == name] for name in protocol.names}
    return {name: mine for name, mine in own.items() if len(mine) == protocol.seeds}


def ranked(protocol: Protocol, whole: Mapping[str, Sequence[Run]]) -> list[str]:
    """Return names by mean final score, best first; one that cannot be scored comes last."""
    sign = 1 if protocol.problem.objective_metric.higher_is_better else -1

    def key(name: str) -> float:
        mean = sign * student_interval([final_score(protocol, run) for run in whole[name]]).mean
        return -math.inf if math.isnan(mean) else mean

    return sorted(whole, key=key, reverse=True)


def standing(
    protocol: Protocol, rank: int, name: str, best: Run, trials: Sequence[Run], finals: Sequence[Run]
) -> Standing:
    """Return one optimizer's place from its trials and its final runs."""
    own = [run for run in trials if run.config.optimizer == name]
    reached = [epoch for run in finals if (epoch := _reached(protocol.problem, run)) is not None]
    objective = protocol.problem.objective_metric
    return Standing(
        optimizer=name,
        rank=rank,
        config=best.config.to_json(),
        test=student_interval([final_score(protocol, run) for run in finals], objective.bounds),
        valid=student_interval([run.valid.get(objective.name, math.nan) for run in finals], objective.bounds),
        steps_to_target=_mean([epoch.step for epoch in reached]),
        seconds_to_target=_mean([epoch.seconds for epoch in reached]),
        reached=len(reached),
        seconds=_mean([run.seconds for run in finals]) or 0.0,
        edge_of_range=_edge(best, own),
        diverged=sum(run.outcome.broken for run in own),
        search=protocol.range_of(name),
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


def missing(
    protocol: Protocol,
    tuning: Sequence[Job],
    tuned: Sequence[Run],
    finished: Sequence[Run],
    whole: Mapping[str, Sequence[Run]],
) -> list[str]:
    """Say what an interruption left out, one sentence each."""
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
