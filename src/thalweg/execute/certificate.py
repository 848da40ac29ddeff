"""Certificate: a run of a cohort made again alone, and how far the two are apart."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from torch import nn

from thalweg.core.config import Config
from thalweg.core.run import Epoch
from thalweg.execute.batched import why_alone
from thalweg.execute.cohort import Cohort
from thalweg.execute.job import Job
from thalweg.execute.obstacles import of_problem, unseen_draws
from thalweg.problems import Problem
from thalweg.train import Learner
from thalweg.train.prepared import prepared

FIRST = 1e-4
"""How far, relatively, the losses of the first epoch may be apart in float32. From there rounding errors grow as
the run makes them grow: at a rate near the edge of stability two runs on two machines part as far."""


@dataclass(frozen=True)
class Certificate:
    """How far a run of a cohort is from the same run alone.

    Attributes:
        config: The setting.
        epochs: Epochs that were compared.
        first: The largest relative difference of losses in the first epoch.
        largest: The same over all epochs.
        silenced: Layers whose random draws were turned off in both, for a cohort cannot repeat them.
    """

    config: Config
    epochs: int
    first: float
    largest: float
    silenced: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the first epoch is the same up to rounding."""
        return self.first <= FIRST

    def __str__(self) -> str:
        """Say it in a sentence."""
        verdict = "is" if self.holds else "is NOT"
        off = f" (with the randomness of {', '.join(self.silenced)} off)" if self.silenced else ""
        head = f"verified: a run of the cohort {verdict} what it is alone{off}"
        return f"{head}: losses of the first epoch differ by {self.first:.1e}{self._later}"

    @property
    def _later(self) -> str:
        """What became of the difference after the first epoch."""
        if self.epochs == 1:
            return ""
        if self.holds and self.largest > self.first:
            return f"; from there rounding grows, to {self.largest:.1e} in {self.epochs} epochs"
        return f", those of {self.epochs} epochs by {self.largest:.1e} at most"


def certify(problem: Problem, config: Config, curve: Sequence[Epoch], *, together: bool = True) -> Certificate:
    """Make a run again alone, and compare.

    Where it was not trained in a cohort it is made again in one too, beside a run on another seed. Where layers
    draw what a cohort cannot repeat, both are made again without.

    Args:
        problem: What it was trained on.
        config: The setting.
        curve: What an executor measured, at least one epoch.
        together: Whether it was trained in a cohort.

    Example:
        >>> from thalweg.execute import Job, batched
        >>> from thalweg.problems import load
        >>> problem = load("digits/logistic")
        >>> runs = batched([Job(f"{k}", problem, Config(epochs=1, seed=k)) for k in range(3)])
        >>> certify(problem, runs[1].config, runs[1].epochs).holds
        True
    """
    silenced = tuple(unseen_draws(problem))
    if silenced:
        problem = dataclasses.replace(problem, model=_without(problem.model))
    if silenced or not together:
        cohort = Cohort([Learner(problem, config), Learner(problem, config.replace(seed=config.seed + 1))])
        curve = [cohort.train_epoch()[0] for _ in curve]
    learner = Learner(problem, config)
    alone = [learner.train_epoch() for _ in curve]
    apart = [_apart(mine, its) for mine, its in zip(curve, alone, strict=True)]
    return Certificate(config, len(apart), apart[0], max(apart), silenced)


def fits_a_cohort(problem: Problem, config: Config) -> bool:
    """Return whether a run can be trained in a cohort at all; if not there is nothing to certify."""
    return not (why_alone(Job("", problem, config)) or of_problem(prepared(problem, config)))


def _apart(one: Epoch, other: Epoch) -> float:
    """Return the largest relative difference of losses; 0 where both are NaN."""
    pairs = [(one.train_loss, other.train_loss), (one.valid["loss"], other.valid["loss"])]
    return max(_relative(a, b) for a, b in pairs)


def _relative(a: float, b: float) -> float:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    return abs(a - b) / max(abs(b), 1e-12) if math.isfinite(a - b) else math.inf


def _without(model: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Return a factory of the same models in which recurrent layers and attention drop nothing."""

    def silent() -> nn.Module:
        made = model()
        for module in _that_drop_inside(made.modules()):
            module.dropout = 0.0
        return made

    return silent


def _that_drop_inside(modules: Iterable[nn.Module]) -> Iterable[nn.RNNBase | nn.MultiheadAttention]:
    return (module for module in modules if isinstance(module, nn.RNNBase | nn.MultiheadAttention))
