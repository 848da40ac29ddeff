"""Search: which settings are tried, generation by generation."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import ceil

from thalweg.core.errors import UnknownNameError
from thalweg.core.seeding import derive
from thalweg.problems import Metric
from thalweg.sweep.grid import grid
from thalweg.sweep.narrowing import narrowed
from thalweg.sweep.sobol import sobol
from thalweg.sweep.space import Point, Space
from thalweg.sweep.trial import Trial

Search = Generator[list[Point], Sequence[Trial], None]
"""Yields a generation of points and is sent the trial of each, in the same order."""

ADAPTIVE = ("tpe", "gp", "cmaes")
SAMPLERS = ("sobol", "grid", *ADAPTIVE)

COARSE = 2 / 3
"""The part of the trials that the first of two rounds gets."""

FEW = 6
"""With fewer trials than this there is one round."""


def search(sampler: str, space: Space, trials: int, metric: Metric, seed: int, *, narrow: bool) -> Search:
    """Return a search.

    Args:
        sampler: ``"sobol"``, ``"grid"``; or ``"tpe"``, ``"gp"``, ``"cmaes"``, which are Optuna's and learn from
            one generation for the next.
        space: What is searched.
        trials: How many settings in all.
        metric: The objective.
        seed: The same seed gives the same points, if it is told the same.
        narrow: Whether sobol and grid keep a third of the trials for a second round around the best.

    Raises:
        UnknownNameError: No such sampler.
        InputError: A grid that does not fit, or a library that is not installed.
    """
    if sampler not in SAMPLERS:
        raise UnknownNameError("sampler", sampler, SAMPLERS)
    if sampler in ADAPTIVE:
        from thalweg.sweep.adaptive import adaptive

        return adaptive(sampler, space, trials, metric, seed)
    coarse = ceil(trials * COARSE) if narrow and trials >= FEW else trials
    first = grid(space, coarse) if sampler == "grid" else sobol(coarse, len(space.names), seed)
    return _rounds(first, space, trials - len(first) if coarse < trials else 0, metric, seed)


def _rounds(first: list[Point], space: Space, more: int, metric: Metric, seed: int) -> Search:
    told = yield first
    if more and (points := narrowed(space, told, metric, more, derive(seed, "narrow") % 2**32)):
        yield points
