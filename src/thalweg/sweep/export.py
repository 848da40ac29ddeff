"""Export: a sweep as an Optuna study, for Optuna's own tools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from thalweg.core.errors import InputError
from thalweg.core.run import Outcome
from thalweg.sweep.dimensions import Choice, Dimension, Integers, Log
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from thalweg.sweep.result import SweepResult


def to_optuna(result: SweepResult, storage: str | BaseStorage | None = None, *, name: str | None = None) -> Study:
    """Write the trials of a sweep into a new Optuna study.

    Parameters have the names of the settings and their true ranges; one whose range differs from optimizer to
    optimizer is called, say, ``lr (adam)``. The value is the objective on validation, intermediate values are its
    curve. A trial that was dropped is ``PRUNED``, one that diverged or failed is ``FAIL``, and all say how they
    ended in the attribute ``outcome``. Optuna knows no infinite or NaN value of a finished trial.

    Args:
        result: What `thalweg.sweep` returned.
        storage: Such as ``"sqlite:///study.db"``; ``None`` keeps it in memory.
        name: Of the study; the problem's and a number if left out.

    Returns:
        The study.

    Raises:
        InputError: The storage has a study of this name.
    """
    import optuna

    name = name or f"{result.problem} {result.environment.started}"
    direction = "maximize" if result.higher_is_better else "minimize"
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(storage=storage, study_name=name, direction=direction)
    except optuna.exceptions.DuplicatedStudyError as error:
        raise InputError("The storage has a study of this name.", got=name, remedy="pass another name") from error
    finally:
        optuna.logging.set_verbosity(before)
    study.set_user_attr("metric", result.metric)
    study.set_user_attr("command", result.environment.command)
    study.add_trials([_frozen(trial, result.space) for trial in result.trials])
    return study


def _frozen(trial: Trial, space: Space) -> FrozenTrial:
    from optuna import create_trial
    from optuna.trial import TrialState

    curve = {epoch: value for epoch, value in enumerate(trial.curve, 1) if math.isfinite(value)}
    whole = trial.is_whole and math.isfinite(trial.metric)
    dropped = trial.fraction < 1 or trial.outcome is Outcome.PRUNED
    state = TrialState.COMPLETE if whole else TrialState.PRUNED if dropped else TrialState.FAIL
    distributions = {
        _label(space, name, trial.config.optimizer): dimension
        for name in trial.values
        if (dimension := space.dimension(name, trial.config.optimizer))
    }
    return create_trial(
        state=state,
        value=trial.metric if whole else None,
        params=dict(zip(distributions, trial.values.values(), strict=True)),
        distributions={name: _distribution(dimension) for name, dimension in distributions.items()},
        intermediate_values=curve,
        user_attrs=_attributes(trial),
    )


def _attributes(trial: Trial) -> dict[str, Any]:
    return {
        "name": trial.name,
        "outcome": str(trial.outcome),
        "fraction": trial.fraction,
        "steps": trial.steps,
        "seconds": trial.seconds,
        "config": trial.config.to_json(),
    }


def _label(space: Space, name: str, optimizer: str) -> str:
    """The name of a parameter: one name has one range, for Optuna."""
    found = {d for own in space.optimizers if (d := space.dimension(name, own))}
    return name if len(found) == 1 else f"{name} ({optimizer})"


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(dimension, Choice):
        return CategoricalDistribution(dimension.values)
    low, high = dimension.extremes
    if isinstance(dimension, Integers):
        return IntDistribution(dimension.low, dimension.high)
    return FloatDistribution(float(low or 0), float(high or 0), log=isinstance(dimension, Log))
