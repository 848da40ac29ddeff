"""Recommendation: the best setting, how sure it is, and when it is better to recommend nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from thalweg.core.config import Config
from thalweg.core.interval import Interval
from thalweg.core.run import Outcome, Run
from thalweg.core.wording import rate
from thalweg.problems import Metric
from thalweg.sweep.band import student_interval
from thalweg.sweep.basin import Basin, basin, within_noise
from thalweg.sweep.confirm import Confirmation
from thalweg.sweep.edge import Edge, edges
from thalweg.sweep.plan import Plan
from thalweg.sweep.trial import Trial
from thalweg.train import Learner

NOTABLE = 0.01
"""A gain over an untrained model of this part or less is none."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What a sweep comes to.

    Attributes:
        config: The best setting, ``None`` if none is recommended.
        refusal: Why there is none; empty if there is one.
        advice: What to do then.
        band: Its objective over the fresh seeds.
        basin: The learning rates within noise of it.
        edges: The settings whose best value lies at the end of its range.
    """

    config: Config | None
    refusal: str
    advice: str
    band: Interval | None = None
    basin: Basin | None = None
    edges: tuple[Edge, ...] = ()


def recommend(plan: Plan, trials: Sequence[Trial], confirmed: Confirmation) -> Recommendation:
    """Return the recommendation of a whole sweep, or its refusal.

    Nothing is recommended if every trial broke down, if the best three settings did on fresh seeds, if the best is
    no better than an untrained model, or if the best learning rate lies at the end of its range.

    Args:
        plan: What was done.
        trials: All trials.
        confirmed: What the fresh seeds said.
    """
    best, finals, metric = confirmed.best, confirmed.finals, plan.metric
    if best is None:
        return _nothing(trials, confirmed)
    band = student_interval([run.valid.get(metric.name, math.nan) for run in finals], metric.bounds)

    def is_worse(trial: Trial) -> bool:
        return len(finals) < 2 or not within_noise(trial, finals, metric)

    found = edges(best, trials, plan.space, is_worse)
    refusal, advice = _refusal(found, learnt=is_better(band.mean, _untrained(plan, finals), metric))
    return Recommendation(
        config=None if refusal else best.config,
        refusal=refusal,
        advice=advice,
        band=band,
        basin=basin(best, trials, finals, metric, plan.space),
        edges=tuple(found),
    )


def is_better(value: float, untrained: float, metric: Metric) -> bool:
    """Return whether training has gained more than 0.01 of the untrained value.

    Where less is left to gain before the metric ends, it is 0.01 of that: an accuracy of 0.955 is better than
    0.95, one of 0.1005 is not better than 0.1.

    Args:
        value: The metric after training.
        untrained: The metric before; where it is not finite, anything is better.
        metric: Its direction and bounds.

    Example:
        >>> from thalweg.problems import accuracy
        >>> is_better(0.955, 0.95, accuracy), is_better(0.1005, 0.1, accuracy)
        (True, False)
    """
    sign, end = (1, metric.bounds[1]) if metric.higher_is_better else (-1, metric.bounds[0])
    gain, left = sign * (value - untrained), sign * (end - untrained)
    return not math.isfinite(untrained) or gain > NOTABLE * min(abs(untrained), left)


def _untrained(plan: Plan, finals: Sequence[Run]) -> float:
    """The objective of the models that the final runs began with, the mean over them."""
    fresh = (Learner(plan.problem, run.config).judge("valid") for run in finals)
    return fmean(judged[plan.metric.name] for judged in fresh)


def _refusal(found: Sequence[Edge], *, learnt: bool) -> tuple[str, str]:
    """Why nothing is recommended, and what to do; empty if something is."""
    refusing = next((edge for edge in found if edge.refuses), None)
    if not learnt:
        widen = _widen(refusing) if refusing else "widen the ranges"
        return (
            "nothing was learnt: the best setting is no better than an untrained model",
            f"check that inputs, targets, model and loss belong together; else {widen}, or train for more epochs",
        )
    return (_at_the_edge(refusing), _widen(refusing)) if refusing else ("", "")


def _at_the_edge(edge: Edge) -> str:
    which = "lower" if edge.end == "low" else "upper"
    return (
        f"the optimum lies at the edge of your range: the best {edge.name}, {rate(edge.value)}, is at the {which} "
        f"end of {rate(edge.low)} to {rate(edge.high)}"
    )


def _widen(edge: Edge) -> str:
    low, high = edge.wider
    return f"widen the range of {edge.name} to {rate(low)}:{rate(high)}"


def _nothing(trials: Sequence[Trial], confirmed: Confirmation) -> Recommendation:
    if confirmed.broken:
        lost = sum(run.outcome.broken for run in confirmed.broken)
        refusal = f"the best settings broke down on fresh seeds, in {lost} of {len(confirmed.broken)} runs"
        return Recommendation(
            config=None, refusal=refusal, advice="lower the learning rates, or clip the gradient"
        )
    failed = [trial for trial in trials if trial.outcome is Outcome.FAILED]
    if len(failed) == len(trials) and failed:
        refusal = f"every trial failed: {failed[0].message}"
        return Recommendation(config=None, refusal=refusal, advice=Outcome.FAILED.advice.partition(": ")[2])
    refusal = f"no setting gave a usable score: {len(trials)} trials, all of them diverged, failed or came to NaN"
    return Recommendation(
        config=None,
        refusal=refusal,
        advice="lower the range of the learning rate by a factor of 1000; if that too diverges, look for NaN in "
        "the data and at the scale of inputs and initial weights",
    )
