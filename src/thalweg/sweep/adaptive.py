"""Adaptive search: Optuna's samplers, asked and told in generations of one size, whatever the executor."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from thalweg.core.errors import InputError
from thalweg.core.run import Outcome
from thalweg.problems import Metric
from thalweg.sweep.dimensions import Choice
from thalweg.sweep.score import DIGITS
from thalweg.sweep.search import Search
from thalweg.sweep.space import MIDDLE, Point, Space
from thalweg.sweep.trial import Trial

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

GENERATION = 8
"""Settings that are asked for at once: trained together, and told together."""


def adaptive(kind: str, space: Space, trials: int, metric: Metric, seed: int) -> Search:
    """Yield generations of points that an Optuna sampler proposes; takes what they gave.

    The sampler sees the unit cube. A setting that broke down is told as the worst value so far. TPE, which knows
    of pruning, is told of pruned trials as such, with their curve; the others get the value they ended with.

    Args:
        kind: ``"tpe"``, ``"gp"`` or ``"cmaes"``.
        space: What is searched.
        trials: How many points in all.
        metric: The objective.
        seed: The same seed gives the same points, if it is told the same.

    Raises:
        InputError: Optuna, or what its sampler needs, is not installed.
    """
    with _quiet():
        study = _study(kind, metric, seed)
    distributions, worst = _distributions(space), math.nan
    for first in range(0, trials, GENERATION):
        with _quiet():
            asked = [study.ask(distributions) for _ in range(min(GENERATION, trials - first))]
        told = yield [_point(space, trial.params) for trial in asked]
        worst = _worst([worst, *(trial.metric for trial in told)], metric)
        with _quiet():
            for proposed, trial in zip(asked, told, strict=True):
                _tell(study, proposed, trial, worst, knows_pruning=kind == "tpe")


def _study(kind: str, metric: Metric, seed: int) -> Study:
    try:
        import optuna

        sampler = _SAMPLERS[kind](seed % 2**32)
    except ImportError as error:
        raise InputError(
            f"The sampler {kind} needs a library that is not installed.",
            got=str(error),
            remedy="pip install optuna cmaes, or take the sampler sobol",
        ) from error
    return optuna.create_study(sampler=sampler, direction="maximize" if metric.higher_is_better else "minimize")


def _tpe(seed: int) -> BaseSampler:
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed, multivariate=True, constant_liar=True, n_startup_trials=GENERATION)


def _gp(seed: int) -> BaseSampler:
    from optuna.samplers import GPSampler

    return GPSampler(seed=seed, n_startup_trials=GENERATION, deterministic_objective=False)


def _cmaes(seed: int) -> BaseSampler:
    import cmaes  # noqa: F401  # optuna would ask for it only at the second generation
    from optuna.samplers import CmaEsSampler

    return CmaEsSampler(seed=seed, popsize=GENERATION, n_startup_trials=1, warn_independent_sampling=False)


_SAMPLERS: Mapping[str, Callable[[int], Any]] = {"tpe": _tpe, "gp": _gp, "cmaes": _cmaes}


def _distributions(space: Space) -> dict[str, BaseDistribution]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    shared = {name: _shared_choice(space, name) for name in space.names}
    return {
        name: CategoricalDistribution(choice.values) if choice else FloatDistribution(0.0, 1.0)
        for name, choice in shared.items()
    }


def _shared_choice(space: Space, name: str) -> Choice | None:
    """The choice that all optimizers with this setting have in common; ``None`` if it is none."""
    found = {d for optimizer in space.optimizers if (d := space.dimension(name, optimizer))}
    (one, *others) = found
    return one if isinstance(one, Choice) and not others else None


def _point(space: Space, params: Mapping[str, Any]) -> Point:
    choices = {name: _shared_choice(space, name) for name in params}
    return tuple(
        choice.coordinate(params[name]) if (choice := choices[name]) else params.get(name, MIDDLE)
        for name in space.names
    )


def _worst(values: Sequence[float], metric: Metric) -> float:
    known = [value for value in values if math.isfinite(value)]
    return (min if metric.higher_is_better else max)(known, default=math.nan)


def _tell(study: Study, proposed: Any, trial: Trial, worst: float, *, knows_pruning: bool) -> None:
    from optuna.trial import TrialState

    if knows_pruning and trial.outcome is Outcome.PRUNED:
        for epoch, value in enumerate(trial.curve, 1):
            proposed.report(_rounded(value), epoch)
        study.tell(proposed, state=TrialState.PRUNED)
        return
    value = trial.metric if math.isfinite(trial.metric) else worst
    if math.isnan(value):
        study.tell(proposed, state=TrialState.FAIL)
    else:
        study.tell(proposed, _rounded(value))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's notes and its warnings of experimental features to itself."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
