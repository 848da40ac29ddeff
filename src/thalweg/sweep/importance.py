"""Importance: how much of a sweep's outcome each setting explains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.problems import Metric
from thalweg.sweep.space import Space
from thalweg.sweep.trial import Trial

FEW = 8
"""Fewer trials than this explain nothing."""

TREES = 50
REPEATS = 10


def importance(trials: Sequence[Trial], space: Space, metric: Metric) -> dict[str, float] | None:
    """Return the share of each setting in what a random forest explains of the trials' ranks.

    The forest predicts the rank of a trial from its place in the unit cube; a setting is as important as the
    prediction gets worse when its values are shuffled among the trials. Ranks, not scores: else a few diverged
    trials would be all there is to explain.

    Args:
        trials: All trials.
        space: What was searched.
        metric: The objective, which ranks.

    Returns:
        Shares that sum to 1, greatest first; ``None`` for fewer than 8 trials, or if nothing is explained.

    Reference:
        Breiman 2001, Random forests, section 10.
    """
    if len(space.names) == 1:
        return {space.names[0]: 1.0}
    if len(trials) < FEW:
        return None
    from scipy.stats import rankdata
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    standings = [trial.standing(metric) for trial in trials]
    places = {standing: i for i, standing in enumerate(sorted(set(standings)))}
    x, y = np.array([trial.point for trial in trials]), rankdata([places[standing] for standing in standings])
    forest = RandomForestRegressor(n_estimators=TREES, random_state=0).fit(x, y)
    worse: Any = permutation_importance(forest, x, y, n_repeats=REPEATS, random_state=0)
    shares = np.maximum(worse["importances_mean"], 0)
    if not shares.sum() > 0:
        return None
    found = dict(zip(space.names, (shares / shares.sum()).tolist(), strict=True))
    return dict(sorted(found.items(), key=lambda item: -item[1]))
