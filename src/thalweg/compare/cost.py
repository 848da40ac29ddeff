"""Cost: what an optimizer needed until a problem counted as solved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from thalweg.compare.result import Comparison
from thalweg.core.run import Epoch, Run

COSTS: Mapping[str, Callable[[Epoch], float]] = {
    "updates": lambda epoch: epoch.step,
    "seconds": lambda epoch: epoch.seconds,
}
"""What can be counted, up to the end of an epoch."""


def is_scored(comparison: Comparison) -> bool:
    """Return whether a comparison has a part in profiles: it has a target, and every optimizer is ranked."""
    return comparison.target is not None and bool(comparison.ranking) and not comparison.missing


def to_target(comparison: Comparison, cost: str) -> dict[str, float]:
    """Return what each optimizer needed to reach the problem's target on validation, at its best setting.

    It is the median over the final runs, where a run that never reached the target counts as infinite: so it is
    finite only if most seeds reached it. Validation is looked at after each epoch, so costs are of whole epochs.

    Args:
        comparison: One that `is_scored`.
        cost: ``"updates"`` or ``"seconds"`` of training.

    Returns:
        Optimizer -> cost, in the order of the ranking.
    """
    own = {standing.optimizer: list[Run]() for standing in comparison.ranking}
    for run in comparison.finals:
        own[run.config.optimizer].append(run)
    return {name: median(_reached(comparison, run, cost) for run in runs) for name, runs in own.items()}


def by_optimizer(comparisons: Sequence[Comparison], cost: str) -> dict[str, dict[str, float]]:
    """Return optimizer -> problem -> cost over all comparisons that are scored, as `profile.profiles` takes it."""
    found = dict[str, dict[str, float]]()
    for comparison in filter(is_scored, comparisons):
        for name, value in to_target(comparison, cost).items():
            found.setdefault(name, {})[comparison.problem] = value
    return found


def _reached(comparison: Comparison, run: Run, cost: str) -> float:
    assert comparison.target is not None
    epoch = run.reached(comparison.metric, comparison.target, higher_is_better=comparison.higher_is_better)
    return math.inf if epoch is None else COSTS[cost](epoch)
